"""What the model sees of a scene, and through which encoders."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from training.recipe.keys.section import PathKey, Section, Share

_VIEWS = 6
"""Cameras of nuScenes."""


class Modalities(BaseModel):
    """Which modalities take part."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    image: bool = True
    bev: bool = True
    vector: bool = True


class SceneKeys(Section):
    """Modalities and encoders.

    Attributes:
        enable_modalities: Which modalities take part.
        use_bev_features, use_vectorized_inputs: The same switch for `bev` and `vector` by its older name.
        modality_dropout: Probability with which a sample is trained without a modality, for each on its own; where not
            given 0.1, or 0 where a modality is disabled.
        stop_line_dropout: Share of the scenes whose stop lines are not told in training: many maps have none.
        num_camera_views: The first so many cameras are used.
        vision_tower: A transformers vision model, hub id or directory; None: BEVFusion's own image backbone.
        perception: A preset's name, a directory with `config.json` and `model.safetensors`, or BEVFusion's config file.
        bevfusion_config_path: A config file of mmdetection3d's `projects/BEVFusion`; rules over the three keys below.
        bevfusion_checkpoint_path: Weights for it; None: random.
        point_cloud_range: Low x, y, z and high x, y, z of the BEV grid, metres, LiDAR frame.
        voxel_size: x, y, z extents of a voxel, metres.
        bev_size: Cells of the BEV map along x and y.
    """

    title: ClassVar[str] = "scene"

    enable_modalities: Modalities = Modalities()
    use_bev_features: bool = True
    use_vectorized_inputs: bool = True
    modality_dropout: Share = 0.1
    stop_line_dropout: Share = 0.0
    num_camera_views: Annotated[int, Field(ge=1, le=_VIEWS)] = _VIEWS
    vision_tower: str | None = None
    perception: str = "tiny"
    bevfusion_config_path: PathKey | None = None
    bevfusion_checkpoint_path: PathKey | None = None
    point_cloud_range: Annotated[tuple[float, float, float, float, float, float] | None, Field(strict=False)] = None
    voxel_size: Annotated[tuple[float, float, float] | None, Field(strict=False)] = None
    bev_size: Annotated[tuple[int, int] | None, Field(strict=False)] = None
