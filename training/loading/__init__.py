"""From correction samples and the nuScenes data set that they came from to the corrector's batches."""
