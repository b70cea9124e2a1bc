"""`bev_text`: the BEV map belongs to the explanation. Formula: `info_nce`.

CLIP's loss between a 3-D scene and text, as in Xue et al., "ULIP: Learning a Unified Representation of Language,
Images, and Point Clouds for 3D Understanding", CVPR 2023.
"""

from training.modeling.losses.pair import ContrastivePair

BEV_TEXT = ContrastivePair("bev_text", "bev", "text")
