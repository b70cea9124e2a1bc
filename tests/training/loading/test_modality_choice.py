"""Which modalities are shown, and how often."""

import numpy as np
import pytest

from training.loading.modality_choice import ModalityChoice
from waymend.errors import InvalidField

EVERY = (True, True, True)


def draws(choice, epoch=0, count=20_000):
    return np.array([choice.present(epoch, index) for index in range(count)])


def test_without_dropout_everything_enabled_is_shown():
    assert draws(ModalityChoice((True, False, True)), count=5).tolist() == [[True, False, True]] * 5


def test_each_modality_is_left_out_as_often_as_asked():
    left_out = 1 - draws(ModalityChoice(EVERY, dropout=0.1, seed=7)).mean(axis=0)
    assert left_out == pytest.approx([0.1] * 3, abs=0.008)


def test_modalities_are_left_out_independently():
    shown = draws(ModalityChoice(EVERY, dropout=0.2, seed=7))
    both = (~shown[:, 0] & ~shown[:, 1]).mean()
    assert both == pytest.approx(0.04, abs=0.006)


@pytest.mark.parametrize("enabled", [EVERY, (False, True, True), (True, False, False)])
def test_one_enabled_modality_always_stays(enabled):
    shown = draws(ModalityChoice(enabled, dropout=0.9), count=2000)
    assert shown.any(axis=1).all()
    assert not shown[:, ~np.array(enabled)].any()


def test_the_one_that_stays_is_any_of_them():
    shown = draws(ModalityChoice(EVERY, dropout=0.999), count=3000)
    assert shown.sum(axis=1).max() <= 2
    assert shown.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.04)


def test_nothing_enabled_shows_nothing():
    assert not draws(ModalityChoice((False, False, False), dropout=0.5), count=10).any()


def test_the_draw_follows_from_seed_epoch_and_index_alone():
    choice = ModalityChoice(EVERY, dropout=0.5, seed=1)
    forwards = [choice.present(2, index) for index in range(50)]
    backwards = [ModalityChoice(EVERY, 0.5, 1).present(2, index) for index in reversed(range(50))]
    assert np.array_equal(forwards, backwards[::-1])


@pytest.mark.parametrize(("seed", "epoch"), [(2, 0), (1, 1)])
def test_another_seed_or_epoch_draws_otherwise(seed, epoch):
    first = draws(ModalityChoice(EVERY, 0.5, 1), epoch=0, count=100)
    assert not np.array_equal(first, draws(ModalityChoice(EVERY, 0.5, seed), epoch, count=100))


def test_the_draw_is_not_that_of_further_plans():
    """Those take `default_rng([seed, epoch, index])`: the same numbers would tie plans to what is left out."""
    mine = draws(ModalityChoice(EVERY, 0.5, 1), epoch=2, count=100)
    theirs = np.array([np.random.default_rng([1, 2, index]).random(3) >= 0.5 for index in range(100)])
    assert (mine == theirs).mean() == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"dropout": 1.0}, "modality_dropout"), ({"dropout": -0.1}, "modality_dropout"), ({"seed": -1}, "seed"),
     ({"enabled": (True,)}, "enabled")],
)  # fmt: skip
def test_wrong_settings_are_refused(changes, field):
    with pytest.raises(InvalidField) as refused:
        ModalityChoice(**changes)
    assert refused.value.field == field
