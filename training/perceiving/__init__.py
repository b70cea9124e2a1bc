"""Trains BEVFusion to see: its own detection losses beside auxiliary ones for the BEV map and the images."""
