"""One item per proposal: all that the corrector is given of it, and the truth."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from llm_service.modeling.plan_features import plan_features
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.config import PerceptionConfig
from perception_service.models.tokens.vector_inputs import VectorInputs
from training.loading.correction_case import CorrectionCase
from training.loading.feature_cache import FeatureCache
from training.loading.further_plans import FurtherPlans
from training.loading.modality_choice import ModalityChoice
from training.loading.sample_rows import SampleRows
from training.loading.sensors import SensorReader
from training.loading.sequence import SequenceBuilder
from training.loading.vectors import KeyframeVectors, StopLineDropout, token_count
from waymend.errors import InvalidField
from waymend.trajectory import Horizon
from waymend.vocabulary import MODALITIES


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One example.

    Attributes:
        keyframe: int64 scalar, equal for the proposals of one key frame.
        input_ids, labels, segments, positions: int64 [L], as of `TokenSequence`.
        plan: float32 [P, 1, plan_width(T)], the sample's own and further ones.
        offset_m: float32 [P, T, 2], truth minus plan.
        modality_present: bool [3], in the order of `MODALITIES`; the prompt has no placeholders for what is not.
        vector: A batch of one; None where the modality is disabled.
        image_features: float32 [N, C, fH, fW]; None where disabled, or where encoders run live.
        bev_features: float32 [C, X, Y], pooled; None likewise.
        sensors: A batch of one where encoders run live.
    """

    keyframe: Tensor
    input_ids: Tensor
    labels: Tensor
    segments: Tensor
    positions: Tensor
    plan: Tensor
    offset_m: Tensor
    modality_present: Tensor
    vector: VectorInputs | None
    image_features: Tensor | None
    bev_features: Tensor | None
    sensors: BevFusionInputs | None


class CorrectionExamples(Dataset[Example]):
    """Examples of a split. An item depends on its index, the epoch and the arguments alone.

    Args:
        rows: Of the split.
        sequences: Lays out the tokens.
        perception: Configuration of the perception model.
        horizon: Of the language model.
        choice: Which modalities are shown.
        encoders: Features of frozen encoders, or what sensor data of live ones is read with; None where neither image
            nor BEV is enabled.
        further_plans: Asked about beside each sample's own.
        stop_lines: Which of them are told.

    Raises:
        InvalidField: Encoders are missing or do not cover the rows, or the rows have another number of waypoints.
    """

    def __init__(
        self,
        rows: SampleRows,
        sequences: SequenceBuilder,
        perception: PerceptionConfig,
        horizon: Horizon,
        choice: ModalityChoice,
        encoders: FeatureCache | SensorReader | None,
        further_plans: FurtherPlans = FurtherPlans(),  # noqa: B008
        stop_lines: StopLineDropout = StopLineDropout(),  # noqa: B008
    ) -> None:
        self._image, self._bev, self._vector = choice.enabled
        _check_rows(rows, horizon)
        self._conversations = rows.conversations
        self._keyframes = _keyframe_numbers(rows)
        self._vectors = KeyframeVectors(rows.keyframes, perception, stop_lines)
        self._sequences = sequences
        self._horizon = horizon
        self._choice = choice
        self._further_plans = further_plans
        self._encoders = _checked(encoders, rows) if self._image or self._bev else None
        self._counts = _token_counts(perception, self._encoders)
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        if isinstance(self._encoders, SensorReader):
            self._encoders.open()

    def __len__(self) -> int:
        return len(self._conversations)

    @property
    def keyframes(self) -> NDArray[np.int64]:
        """A number for each example's key frame, int64 [N], the same in every process."""
        return self._keyframes

    @property
    def epoch(self) -> int:
        """That of `set_epoch`, 0 at first."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Draws other modalities from now on, also in loader processes that are running."""
        self._epoch.fill_(epoch)

    def __getitem__(self, index: int) -> Example:
        """Raises InvalidField where a row is not laid out as it should be or its prompt does not fit."""
        case, epoch = CorrectionCase.of_row(self._conversations[index]), self.epoch
        plans_ego_m = [case.proposal_ego_m, *self._further(case, epoch, index)]
        plans = [plan_features(plan, self._horizon.step_s, case.ego_state, case.command) for plan in plans_ego_m]
        present = self._choice.present(epoch, index)
        vector = self._vectors[case.sample_token] if self._vector else None
        counts = self._counts | ({"vector": token_count(vector)} if vector else {})
        shown = {name: counts[name] for name, there in zip(MODALITIES, present, strict=True) if there}
        sequence = self._sequences(case, plans[0], shown, len(plans) - 1)
        image_features, bev_features, sensors = self._sensed(case.sample_token)
        return Example(
            keyframe=torch.tensor(self._keyframes[index]),
            input_ids=sequence.input_ids,
            labels=sequence.labels,
            segments=sequence.segments,
            positions=sequence.positions,
            plan=torch.from_numpy(np.stack(plans)),
            offset_m=torch.from_numpy((case.truth_ego_m - np.stack(plans_ego_m)).astype(np.float32)),
            modality_present=torch.from_numpy(present),
            vector=vector,
            image_features=image_features,
            bev_features=bev_features,
            sensors=sensors,
        )

    def _further(self, case: CorrectionCase, epoch: int, index: int) -> list[NDArray[np.float64]]:
        if not self._further_plans.count:
            return []
        return self._further_plans.drawn(self._vectors.keyframe(case.sample_token), self._horizon, epoch, index)

    def _sensed(self, sample_token: str) -> tuple[Tensor | None, Tensor | None, BevFusionInputs | None]:
        if isinstance(self._encoders, SensorReader):
            return None, None, self._encoders.inputs(sample_token)
        if self._encoders is None:
            return None, None, None
        image = self._encoders.image(sample_token) if self._image else None
        return image, self._encoders.bev(sample_token) if self._bev else None, None


def _keyframe_numbers(rows: SampleRows) -> NDArray[np.int64]:
    number_of = {token: number for number, token in enumerate(rows.sample_tokens)}
    return np.array([number_of[token] for token in rows.conversations["sample_token"]], np.int64)


def _check_rows(rows: SampleRows, horizon: Horizon) -> None:
    if not len(rows):
        raise InvalidField("rows", "at least one sample", 0)
    if (waypoints := len(rows.conversations[0]["proposal"])) != horizon.waypoints:
        raise InvalidField("proposal", f"{horizon.waypoints} waypoints, as the language model has", waypoints)


def _checked(encoders: FeatureCache | SensorReader | None, rows: SampleRows) -> FeatureCache | SensorReader:
    if encoders is None:
        raise InvalidField("encoders", "cached features or a sensor reader, for image and BEV", "none")
    if isinstance(encoders, FeatureCache) and (missing := [t for t in rows.sample_tokens if t not in encoders]):
        raise InvalidField("encoders", "features of every key frame", f"none of {len(missing)}, such as {missing[0]}")
    return encoders


def _token_counts(perception: PerceptionConfig, encoders: FeatureCache | SensorReader | None) -> dict[str, int]:
    """Image and BEV tokens of a frame, where sensors are seen."""
    if encoders is None:
        return {}
    image, bev = perception.tokens["image"], perception.tokens["bev"]
    return {"image": encoders.camera_views * image["tokens_per_camera"], "bev": bev["tokens"]}
