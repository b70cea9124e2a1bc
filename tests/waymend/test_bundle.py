"""A bundle is opened only if every file is what its manifest says."""

import json
import shutil
from pathlib import Path

import pytest

from waymend.bundle import BaseModelReference, BundleError, Contract, ModalityContract, open_bundle, write_manifest
from waymend.bundle.__main__ import describe
from waymend.trajectory import Horizon

MODALITIES = {name: ModalityContract(tokens=4, width=8) for name in ("image", "bev", "vector")}


def write_bundle(directory: Path, perception: str = "{}", horizon: Horizon | None = None):
    for half, text in (("perception", perception), ("llm", "{}")):
        (directory / half).mkdir(parents=True, exist_ok=True)
        (directory / half / "config.json").write_text(text)
    return write_manifest(
        directory,
        name="test",
        version="1.0",
        trained=False,
        base_model=BaseModelReference(name="none"),
        modalities=MODALITIES,
        horizon=horizon or Horizon(),
    )


@pytest.fixture
def bundle(tmp_path):
    write_bundle(tmp_path)
    return tmp_path


def test_a_written_bundle_opens_and_describes_itself(bundle):
    opened = open_bundle(bundle)
    assert set(opened.manifest.files) == {"perception/config.json", "llm/config.json"}
    text = describe(opened)
    assert opened.manifest.contract_id in text
    assert "UNTRAINED" in text


def test_a_missing_file_is_named(bundle):
    (bundle / "llm/config.json").unlink()
    with pytest.raises(BundleError, match=r"missing files .*llm/config\.json"):
        open_bundle(bundle)


def test_an_extra_file_is_named(bundle):
    (bundle / "perception/weights.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match=r"extra files .*perception/weights\.pkl"):
        open_bundle(bundle)


def test_an_altered_file_of_another_size_is_named_even_in_the_half_that_is_not_loaded(bundle):
    (bundle / "llm/config.json").write_text("{} ")
    with pytest.raises(BundleError, match=r"llm/config\.json: altered: expected 2 bytes, found 3"):
        open_bundle(bundle, halves=("perception",))


def test_an_altered_file_of_the_same_size_is_found_by_its_digest(bundle):
    (bundle / "llm/config.json").write_text("[]")
    open_bundle(bundle, halves=("perception",))
    with pytest.raises(BundleError, match=r"llm/config\.json: altered: expected SHA-256"):
        open_bundle(bundle, halves=("llm",))


def test_no_bundle_at_all(tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json"):
        open_bundle(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("contract_id", "0" * 32, "contract_id should be"),
        ("schema_version", 2, "schema_version"),
        ("files", {"../outside": {"sha256": "0" * 64, "bytes": 1}}, "files"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(bundle, key, value, named):
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest[key] = value
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=named):
        open_bundle(bundle)


def test_the_contract_follows_perceptions_files_and_the_horizon_but_not_the_language_model(tmp_path):
    first = write_bundle(tmp_path / "a")
    assert write_bundle(tmp_path / "b").contract_id == first.contract_id
    assert write_bundle(tmp_path / "c", perception="[]").contract_id != first.contract_id
    assert write_bundle(tmp_path / "d", horizon=Horizon(8, 0.5)).contract_id != first.contract_id
    shutil.copytree(tmp_path / "a", tmp_path / "e")
    (tmp_path / "e/llm/config.json").write_text("[]")
    (tmp_path / "e/manifest.json").unlink()
    assert write_manifest_again(tmp_path / "e").contract_id == first.contract_id


@pytest.mark.parametrize("names", [("image",), ("bev", "vector"), ()])
def test_a_contract_may_lack_modalities(names):
    modalities = {name: MODALITIES[name] for name in names}
    lacking = Contract(modalities=modalities, encoder_revision="a" * 64)
    whole = Contract(modalities=MODALITIES, encoder_revision="a" * 64)
    assert tuple(lacking.modalities) == names
    assert lacking.contract_id != whole.contract_id


@pytest.mark.parametrize("names", [("sound",), ("vector", "image")])
def test_unknown_modalities_and_another_order_are_refused(names):
    modalities = {name: ModalityContract(tokens=4, width=8) for name in names}
    with pytest.raises(ValueError, match="some of image, bev, vector"):
        Contract(modalities=modalities, encoder_revision="a" * 64)


def write_manifest_again(directory):
    return write_manifest(
        directory,
        name="test",
        version="1.1",
        trained=False,
        base_model=BaseModelReference(name="none"),
        modalities=MODALITIES,
        horizon=Horizon(),
    )
