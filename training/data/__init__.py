"""From real logs and procedural traffic to one training set: drives, nuScenes data sets, correction samples."""
