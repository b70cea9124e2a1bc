"""From a nuScenes data set to correction samples: key frames, proposals of every kind, splits, files."""
