"""`python -m waymend.bundle DIRECTORY`: checks a bundle and prints what it is."""

import argparse
import sys
from pathlib import Path

from waymend.bundle.opening import Bundle, BundleError, open_bundle


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m waymend.bundle", description="Checks a bundle and describes it.")
    parser.add_argument("directory", type=Path)
    try:
        bundle = open_bundle(parser.parse_args().directory)
    except BundleError as error:
        print(error, file=sys.stderr)
        return 1
    print(describe(bundle))
    return 0


def describe(bundle: Bundle) -> str:
    """A few lines for a person: name, contract, token sets, horizon, files."""
    manifest = bundle.manifest
    contract = manifest.contract
    trained = "trained" if manifest.trained else "UNTRAINED: random weights, answers mean nothing"
    lines = [
        f"{manifest.name} {manifest.version} ({trained})",
        f"base model   {manifest.base_model.name} {manifest.base_model.revision or ''}".rstrip(),
        f"contract id  {manifest.contract_id}",
        f"horizon      {contract.horizon.waypoints} waypoints, {contract.horizon.step_s:g} s apart",
        *(
            f"{name:12s} {modality.tokens} tokens of width {modality.width}"
            for name, modality in contract.modalities.items()
        ),
        *(f"{entry.bytes:>12,d}  {path}" for path, entry in manifest.files.items()),
        f"{sum(entry.bytes for entry in manifest.files.values()):>12,d}  bytes in all, every digest agrees",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
