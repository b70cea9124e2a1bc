"""How good detections are, by the nuScenes detection benchmark: an offline command, never part of the server."""
