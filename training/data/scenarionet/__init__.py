"""Real drives out of ScenarioNet's files: logs of nuScenes, Waymo, nuPlan or Argoverse 2 as drives of our own."""
