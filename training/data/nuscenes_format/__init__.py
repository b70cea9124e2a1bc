"""Drives as a nuScenes data set that nuscenes-devkit opens: tables, sensor files, map expansion, CAN bus."""
