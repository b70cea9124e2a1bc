"""The five losses, each with its formula and source."""

LOSS_NAMES = ("lm", "traj", "align", "bev_text", "bev_vector")
"""In the order in which they are logged."""
