"""The perception half of a bundle is exchanged only for one that fits."""

import json
import shutil
from pathlib import Path

import pytest

from training.perception_half import replace_perception
from waymend.bundle import BundleError, open_bundle
from waymend.errors import InvalidField

BUNDLE = Path(__file__).parents[2] / "bundles/tiny"


@pytest.fixture
def perception(tmp_path) -> Path:
    return Path(shutil.copytree(BUNDLE / "perception", tmp_path / "perception"))


def test_the_new_bundle_opens_and_says_that_it_is_untrained(perception, tmp_path):
    manifest = replace_perception(BUNDLE, perception, tmp_path / "out", "mine", "2.0")
    opened = open_bundle(tmp_path / "out")
    assert opened.manifest == manifest
    assert (manifest.name, manifest.version, manifest.trained) == ("mine", "2.0", False)
    assert (tmp_path / "out/llm/config.json").read_bytes() == (BUNDLE / "llm/config.json").read_bytes()


def test_token_sets_that_the_language_model_does_not_take_are_refused(perception, tmp_path):
    config = json.loads((perception / "config.json").read_text())
    config["tokens"]["vector"]["agents"] -= 1
    (perception / "config.json").write_text(json.dumps(config))
    with pytest.raises(InvalidField, match="perception: expected token sets"):
        replace_perception(BUNDLE, perception, tmp_path / "out", "mine", "1")
    assert not (tmp_path / "out").exists()


def test_weights_that_do_not_fit_their_configuration_are_refused(perception, tmp_path):
    (perception / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises((InvalidField, OSError)):
        replace_perception(BUNDLE, perception, tmp_path / "out", "mine", "1")


def test_a_directory_that_exists_is_not_overwritten(perception, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidField, match="out: expected a directory that does not exist yet"):
        replace_perception(BUNDLE, perception, tmp_path / "out", "mine", "1")


def test_a_source_that_is_no_bundle_is_refused(perception, tmp_path):
    with pytest.raises(BundleError):
        replace_perception(tmp_path, perception, tmp_path / "out", "mine", "1")
