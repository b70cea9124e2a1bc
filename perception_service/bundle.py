"""The perception half of a bundle, loaded."""

import json
from pathlib import Path

from perception_service.inference_options import InferenceOptions
from perception_service.models.config import PerceptionConfig
from perception_service.models.perception_model import PerceptionModel
from perception_service.models.weights import load_weights
from perception_service.pipeline import PerceptionPipeline
from waymend.bundle import Bundle, BundleError, ModalityContract, open_bundle
from waymend.errors import InvalidField
from waymend.vocabulary import CAMERA_NAMES

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
_EGO_TOKENS = 1


def load_pipeline(
    bundle_dir: Path, device: str = "cpu", options: InferenceOptions | None = None
) -> tuple[Bundle, PerceptionPipeline]:
    """Opens a bundle, checks its perception half and builds the pipeline.

    Raises:
        BundleError: No bundle, a missing, extra or altered file, or a configuration or weights that do not fit.
        InvalidField: A kernel of `options` does not run here.
    """
    bundle = open_bundle(bundle_dir, halves=("perception",))
    directory = bundle.perception_directory
    try:
        model = load_perception_model(directory / WEIGHTS_FILE)
    except (InvalidField, OSError, ValueError) as error:
        raise BundleError(f"{directory}: {error}") from error
    _check_contract(bundle, model.config)
    modalities = bundle.manifest.contract.modalities
    return bundle, PerceptionPipeline(model, model.config, device, options, modalities)


def load_perception_model(weights: Path) -> PerceptionModel:
    """The model of a safetensors file, built from the `config.json` beside it.

    Raises:
        InvalidField: Configuration and weights do not fit, or one of them is none.
        OSError: A file cannot be read.
    """
    try:
        config = PerceptionConfig.parse(json.loads((weights.parent / CONFIG_FILE).read_text()))
    except json.JSONDecodeError as error:
        raise InvalidField(CONFIG_FILE, "JSON", error) from None
    model = PerceptionModel(config)
    load_weights(model, weights)
    return model


def token_sets(config: PerceptionConfig) -> dict[str, ModalityContract]:
    """The token sets that a model of this configuration makes, for a bundle's contract."""
    tokens = config.tokens
    width = tokens["width"]
    return {
        "image": ModalityContract(tokens=len(CAMERA_NAMES) * tokens["image"]["tokens_per_camera"], width=width),
        "bev": ModalityContract(tokens=tokens["bev"]["tokens"], width=width),
        "vector": ModalityContract(
            tokens=_EGO_TOKENS + tokens["vector"]["agents"] + tokens["vector"]["polylines"], width=width
        ),
    }


def _check_contract(bundle: Bundle, config: PerceptionConfig) -> None:
    made = token_sets(config)
    for name, modality in bundle.manifest.contract.modalities.items():
        if made[name] != modality:
            raise BundleError(
                f"{bundle.directory}: the contract's {name} tokens: expected {made[name].tokens} of width "
                f"{made[name].width}, found {modality.tokens} of width {modality.width}"
            )
