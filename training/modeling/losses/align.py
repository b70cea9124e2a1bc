"""`align`: what the cameras see belongs to the explanation. Formula: `info_nce`; source: CLIP, as there."""

from training.modeling.losses.pair import ContrastivePair

ALIGN = ContrastivePair("align", "image", "text")
