"""What a user asks of an evaluation."""

from dataclasses import dataclass
from pathlib import Path

from training.data.samples.splits import SPLITS
from training.evaluating.controls.ego_mlps import CONTROLS_DIRECTORY


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Attributes:
    bundle: Whose model is evaluated.
    data: Directory that `training data build` wrote.
    out: Folder for `metrics.json`, the page and logs.
    proposals: A file of proposals, instead of the data's own.
    split: train, val, test or `all`; None takes test, and all where a file gives the proposals.
    kinds: Kinds of the data's own proposals; empty for all.
    limit: Most cases.
    seed: Of the drawn cases, of the ego-status networks and of the shuffling.
    offline: Whether the model answers in this process.
    url: A running `llm_service` with this bundle; None starts both services.
    api_key: Of the service.
    explanations: For how many cases an explanation is asked for, spread evenly over all.
    pictures: Most pictures of each sort: best, worst, drawn.
    control_data: Samples whose training split the ego-status networks learn from; None for the networks that the
        bundle brings, and for `data` where it brings none.
    dataroot, version: The nuScenes data set, where it has moved since the build.
    command: As it was typed, for the record.
    """

    bundle: Path
    data: Path
    out: Path
    proposals: Path | None = None
    split: str | None = None
    kinds: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    offline: bool = False
    url: str | None = None
    api_key: str | None = None
    explanations: int = 100
    pictures: int = 4
    control_data: Path | None = None
    dataroot: Path | None = None
    version: str | None = None
    command: str = ""

    @property
    def control_networks(self) -> Path | None:
        """Where the bundle's own ego-status networks lie; None where they are to be trained."""
        brought = self.bundle / CONTROLS_DIRECTORY
        return brought if self.control_data is None and brought.is_dir() else None

    @property
    def chosen_split(self) -> str:
        """The split, or what stands for it."""
        return self.split or ("all" if self.proposals is not None else SPLITS[-1])
