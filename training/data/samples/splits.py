"""Which scenes train, which choose, which test: by whole logs, so that no place and hour is in two of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from nuscenes.utils.splits import create_splits_scenes

from training.data.samples.seeds import stable_hash
from waymend.errors import InvalidField

SPLITS = ("train", "val", "test")
Splits = dict[str, tuple[str, ...]]
"""Scene names by split; each of `SPLITS` is there."""

_OFFICIAL_NAMES = {"train": ("train", "mini_train"), "val": ("val", "mini_val"), "test": ("test",)}


def split_scenes(log_of_scene: Mapping[str, str], seed: int, shares: Sequence[float] = (0.8, 0.1, 0.1)) -> Splits:
    """Assigns whole logs so that the shares of scenes are met as nearly as whole logs allow.

    The logs with most scenes come first, equal ones in an order that follows from the seed and their names; each goes
    where most scenes are missing. A split with a share has at least one log if there are enough.

    Args:
        log_of_scene: Log by name of the scene.
        seed: Another one gives another assignment.
        shares: Of train, val and test; any positive scale.

    Raises:
        InvalidField: Shares that are no three numbers of at least 0, one of them above.
    """
    wanted = _wanted(shares, len(log_of_scene))
    scenes_of: dict[str, list[str]] = defaultdict(list)
    for scene, log in log_of_scene.items():
        scenes_of[log].append(scene)
    order = sorted(scenes_of, key=lambda log: (-len(scenes_of[log]), stable_hash(f"{seed} {log}")))
    chosen: dict[str, list[str]] = {split: [] for split in wanted}
    for log in order:
        missing = {split: count - sum(len(scenes_of[one]) for one in chosen[split]) for split, count in wanted.items()}
        chosen[max(missing, key=lambda split: missing[split])].append(log)
    _fill_empty(chosen)
    splits: Splits = {split: tuple(s for log in chosen.get(split, ()) for s in scenes_of[log]) for split in SPLITS}
    return {split: _in_order(scenes, log_of_scene) for split, scenes in splits.items()}


def official_splits_of(scenes: Sequence[str], version: str) -> Splits:
    """nuScenes' own splits, of the mini version or of the whole.

    Raises:
        InvalidField: A scene that is in none of them.
    """
    official = create_splits_scenes()
    mini = version.endswith("mini")
    members = {split: set(official[names[-1 if mini else 0]]) for split, names in _OFFICIAL_NAMES.items()}
    splits = {split: tuple(scene for scene in scenes if scene in members[split]) for split in SPLITS}
    if unknown := set(scenes).difference(*splits.values()):
        raise InvalidField("official_splits", f"scenes of nuScenes' splits for {version}", ", ".join(sorted(unknown)))
    return splits


def check_no_leak(splits: Mapping[str, Sequence[str]], log_of_scene: Mapping[str, str], by_log: bool = True) -> None:
    """Checks that no scene is in two splits, and no log either unless `by_log` is off.

    Raises:
        InvalidField: With the scene or log and both splits.
    """
    _check_disjoint("scene", splits)
    if by_log:
        _check_disjoint("log", {name: {log_of_scene[scene] for scene in scenes} for name, scenes in splits.items()})


def _check_disjoint(what: str, members: Mapping[str, Sequence[str] | set[str]]) -> None:
    split_of: dict[str, str] = {}
    for split, names in members.items():
        for name in sorted(names):
            if (other := split_of.setdefault(name, split)) != split:
                raise InvalidField("splits", f"each {what} in one split", f"{name} in {other} and {split}")


def _wanted(shares: Sequence[float], scenes: int) -> dict[str, float]:
    """How many scenes each split with a share would have, were logs divisible."""
    if len(shares) != len(SPLITS) or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise InvalidField("shares", "three numbers of at least 0 for train, val and test", list(shares))
    return {split: share / sum(shares) * scenes for split, share in zip(SPLITS, shares, strict=True) if share > 0}


def _fill_empty(chosen: dict[str, list[str]]) -> None:
    """Gives each split without a log the smallest log, the last, of the split that has most."""
    for logs in chosen.values():
        richest = max(chosen.values(), key=len)
        if not logs and len(richest) > 1:
            logs.append(richest.pop())


def _in_order(scenes: tuple[str, ...], log_of_scene: Mapping[str, str]) -> tuple[str, ...]:
    place = {scene: i for i, scene in enumerate(log_of_scene)}
    return tuple(sorted(scenes, key=lambda scene: place[scene]))
