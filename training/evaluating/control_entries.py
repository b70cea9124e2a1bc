"""All controls of a set of cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from perception_service.bundle import WEIGHTS_FILE, load_perception_model
from training.evaluating.answering.reference import ReferenceModel
from training.evaluating.answering.sample_encoder import SampleEncoder
from training.evaluating.case import Case, CaseSet
from training.evaluating.controls.ego_mlps import EGO_MLPS, answers_of_strangers, read_ego_mlps
from training.evaluating.controls.ego_rows import EgoRows
from training.evaluating.controls.kinematic import KINEMATIC_CONTROLS
from training.evaluating.controls.perception_ablations import PerceptionAblations, others
from training.evaluating.entry import Entry, EntryMaker
from training.evaluating.outcome import Outcome
from training.loading.further_plans import FurtherPlans
from waymend.bundle import Bundle
from waymend.errors import InvalidField
from waymend.trajectory import Horizon

REFERENCE = "model_offline_reference"
SHUFFLED, ZEROED = "model_shuffled_perception", "model_zeroed_perception"
WITHOUT_EGO_STATE = "model_without_ego_state"
_FURTHER_PLANS = 24
"""About each key frame, as many as any stage of the default bundle draws, and of the same kinds."""


@dataclass(slots=True)
class Controls:
    """Entries by name, and why others are absent."""

    entries: dict[str, Entry] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


class ControlMaker:
    """Makes controls of one set of cases.

    Args:
        chosen: The cases.
        maker: Assesses them.
        horizon: Of trajectories.
        seed: Of training and shuffling.
        progress: Told what is being made.
    """

    def __init__(
        self, chosen: CaseSet, maker: EntryMaker, horizon: Horizon, seed: int, progress: Callable[[str], None]
    ) -> None:
        self._chosen, self._maker, self._horizon = chosen, maker, horizon
        self._seed, self._progress = seed, progress
        self.made = Controls()

    def add_kinematic(self) -> None:
        """The input unchanged, extrapolations, and standing still."""
        for name, control in KINEMATIC_CONTROLS.items():
            trajectories = [control(case, self._horizon) for case in self._cases]
            self.made.entries[name] = self._maker.of_trajectories(trajectories)

    def add_ego_mlps(self, directory: Path) -> None:
        """Networks that see motion alone, or the proposal besides, as `training controls` wrote them.

        Raises:
            InvalidField: The directory holds none for these trajectories.
        """
        asked = EgoRows.of_cases(self._cases, self._horizon)
        for name, network in read_ego_mlps(directory, self._horizon).items():
            self.made.entries[name] = self._maker.of_trajectories(list(network.trajectories_m(asked)))

    def train_ego_mlps(self, data: Path) -> None:
        """The same, trained on the training split of `data`; no network is asked about scenes that it learned from."""
        self._progress("reading what the ego status networks learn from")
        asked = EgoRows.of_cases(self._cases, self._horizon)
        try:
            rows = EgoRows.of_split([data], "train", self._horizon, FurtherPlans(_FURTHER_PLANS, self._seed))
            for name, sees_proposal in EGO_MLPS.items():
                self._progress(f"training {name.replace('_', ' ')}")
                answers_m = answers_of_strangers(rows, asked, sees_proposal, self._seed)
                self.made.entries[name] = self._maker.of_trajectories(list(answers_m))
        except InvalidField as error:
            self.made.absent |= dict.fromkeys(EGO_MLPS, str(error))

    def add_model_without_parts(self, bundle: Bundle, encoder: SampleEncoder) -> list[Outcome]:
        """The model through transformers as it is served, and without parts of its input; returns the former."""
        reference = ReferenceModel(bundle, lambda token: encoder.tokens(token).prepared)
        perception = load_perception_model(bundle.perception_directory / WEIGHTS_FILE)
        keyframes = self._chosen.keyframes
        other_of = others(keyframes, self._seed) if len(keyframes) > 1 else {}
        inputs = PerceptionAblations(perception, encoder.tokens, other_of)
        variants = {REFERENCE: inputs.untouched, ZEROED: inputs.zeroed, WITHOUT_EGO_STATE: inputs.without_ego_state}
        if other_of:
            variants[SHUFFLED] = inputs.shuffled
        else:
            self.made.absent[SHUFFLED] = "there is no second key frame to take perception from"
        outcomes = {}
        for name, given in variants.items():
            self._progress(name.replace("_", " "))
            outcomes[name] = reference.answer(self._cases, given)
            self.made.entries[name] = self._maker.entry(outcomes[name])
        return outcomes[REFERENCE]

    @property
    def _cases(self) -> Sequence[Case]:
        return self._chosen.cases
