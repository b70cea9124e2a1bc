"""The `perception/` directory of a bundle, from that of a stage."""

import shutil
from pathlib import Path

from safetensors.torch import save_file

from perception_service.bundle import CONFIG_FILE, WEIGHTS_FILE, load_perception_model
from perception_service.models.config import PerceptionConfig
from training.exporting.precision import halved_where_exact
from training.modeling.stage_checkpoint import PERCEPTION_DIRECTORY


def write_perception_half(stage: Path, out: Path) -> PerceptionConfig:
    """Writes the encoders of a stage; weights that no stage has changed give the same file again, to the byte.

    Parameters are float16 where that loses nothing, as in the files that `tiny-bundle` writes, and float32 else.
    Buffers (statistics, geometry) stay as they are.

    Raises:
        InvalidField: Configuration and weights do not fit.
    """
    source = stage / PERCEPTION_DIRECTORY
    model = load_perception_model(source / WEIGHTS_FILE)
    parameters = {name for name, _ in model.named_parameters()}
    tensors = {
        name: (halved_where_exact(tensor) if name in parameters else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    out.mkdir(parents=True)
    shutil.copyfile(source / CONFIG_FILE, out / CONFIG_FILE)
    save_file(tensors, out / WEIGHTS_FILE)
    return model.config
