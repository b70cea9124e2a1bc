"""Writing the manifest of a bundle whose files are in place."""

from collections.abc import Mapping
from pathlib import Path

from waymend.bundle.contract import Contract, HorizonContract, ModalityContract, encoder_revision
from waymend.bundle.manifest import BaseModelReference, Manifest
from waymend.bundle.opening import MANIFEST_FILE, bundle_files, file_entry
from waymend.trajectory import Horizon


def write_manifest(
    directory: Path,
    *,
    name: str,
    version: str,
    trained: bool,
    base_model: BaseModelReference,
    modalities: Mapping[str, ModalityContract],
    horizon: Horizon,
) -> Manifest:
    """Digests all files of `directory` and writes its `manifest.json`."""
    files = {path: file_entry(directory / path) for path in sorted(bundle_files(directory))}
    contract = Contract(
        modalities=dict(modalities),
        horizon=HorizonContract(waypoints=horizon.waypoints, step_s=horizon.step_s),
        encoder_revision=encoder_revision({path: entry.sha256 for path, entry in files.items()}),
    )
    manifest = Manifest(
        name=name,
        version=version,
        trained=trained,
        base_model=base_model,
        contract=contract,
        contract_id=contract.contract_id,
        files=files,
    )
    (directory / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1) + "\n")
    return manifest
