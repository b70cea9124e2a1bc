"""Pictures of a moment: the scene from above and the six cameras, with a correction or with proposals."""

from training.pictures.correction_view import CorrectionView
from training.pictures.figure import draw_correction

__all__ = ["CorrectionView", "draw_correction"]
