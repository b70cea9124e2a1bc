"""A picture of one correction: the scene from above, the verdict, and the six cameras."""

from demo.picture.correction_view import CorrectionView
from demo.picture.figure import draw_correction

__all__ = ["CorrectionView", "draw_correction"]
