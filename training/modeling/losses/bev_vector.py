"""`bev_vector`: the BEV map belongs to the agents and the map around it. Formula: `info_nce`.

CLIP's loss between two sensors of one scene, as in Girdhar et al., "ImageBind: One Embedding Space To Bind Them All",
CVPR 2023.
"""

from training.modeling.losses.pair import ContrastivePair

BEV_VECTOR = ContrastivePair("bev_vector", "bev", "vector")
