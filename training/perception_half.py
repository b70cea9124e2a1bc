"""A bundle with another perception half, such as a converted checkpoint."""

import shutil
from pathlib import Path

from perception_service.bundle import WEIGHTS_FILE, load_perception_model, token_sets
from waymend.bundle import Manifest, open_bundle, write_manifest
from waymend.errors import InvalidField

_CARD = """# {name} {version} (untrained)

- Perception: from `{perception}`.
- Language model: that of {source_name} {source_version}, which has not been trained on this perception's tokens. Until
  it is, corrections and explanations mean nothing; detections are perception's own.
"""


def replace_perception(source: Path, perception: Path, out: Path, name: str, version: str) -> Manifest:
    """Writes `out`: the language model of the bundle `source` and the perception half of another directory.

    The bundle is marked untrained, since the two halves have not been trained together.

    Args:
        source: A bundle.
        perception: Holds `config.json` and `model.safetensors`, as `perception-service convert` writes them.
        out: Directory that does not exist yet.
        name, version: Of the new bundle.

    Raises:
        BundleError: `source` is no good bundle.
        InvalidField: The perception half is not whole, makes other token sets than the language model takes, or `out`
            exists.
    """
    given = open_bundle(source)
    config = load_perception_model(perception / WEIGHTS_FILE).config
    taken = given.manifest.contract.modalities
    made = {name: token_set for name, token_set in token_sets(config).items() if name in taken}
    if made != taken:
        raise InvalidField("perception", f"token sets {taken}", made)
    if out.exists():
        raise InvalidField("out", "a directory that does not exist yet", out)
    shutil.copytree(given.llm_directory, out / "llm")
    shutil.copytree(perception, out / "perception")
    manifest = given.manifest
    card = _CARD.format(
        name=name,
        version=version,
        perception=perception.name,
        source_name=manifest.name,
        source_version=manifest.version,
    )
    (out / "MODEL_CARD.md").write_text(card)
    return write_manifest(
        out,
        name=name,
        version=version,
        trained=False,
        base_model=manifest.base_model,
        modalities=made,
        horizon=manifest.contract.trajectory_horizon,
    )
