"""Which samples of a data set are evaluated."""

from collections.abc import Sequence

from nuscenes.eval.common.loaders import get_samples_of_scenes
from nuscenes.nuscenes import NuScenes
from nuscenes.utils.splits import create_splits_scenes

from waymend.errors import InvalidField


def scenes_of_split(split: str) -> list[str]:
    """Names of the scenes of one of nuScenes' splits, such as `val` or `mini_val`.

    Raises:
        InvalidField: There is no such split.
    """
    splits = create_splits_scenes()
    if split not in splits:
        raise InvalidField("split", f"one of {', '.join(splits)}", split)
    return splits[split]


def samples_of_scenes(nuscenes: NuScenes, scenes: Sequence[str]) -> list[str]:
    """Tokens of all samples of the scenes, in the order of the data set.

    Raises:
        InvalidField: No scenes, or some that the data set does not have: a figure for a part would pass for the whole.
    """
    known = {scene["name"] for scene in nuscenes.scene}
    missing = [name for name in scenes if name not in known]
    if missing or not scenes:
        raise InvalidField(
            "scenes", f"scenes of {nuscenes.version}", f"without {', '.join(missing)}" if scenes else "none"
        )
    return get_samples_of_scenes(list(scenes), nuscenes)
