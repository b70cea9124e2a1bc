"""Which losses read words."""

import pytest

from training.modeling.pairs import reads_words
from training.modeling.settings import CorrectorSettings


@pytest.mark.parametrize(
    ("losses", "modalities", "reads"),
    [
        (("lm", "traj"), ("vector",), True),
        (("traj",), ("image", "bev", "vector"), False),
        (("traj", "bev_vector"), ("image", "bev", "vector"), False),
        (("traj", "align"), ("image", "vector"), True),
        (("traj", "align"), ("bev", "vector"), False),
    ],
)
def test_words_are_read_by_lm_and_by_pairs_with_text_whose_modality_is_enabled(losses, modalities, reads):
    assert reads_words(CorrectorSettings(losses=losses, modalities=modalities)) is reads
