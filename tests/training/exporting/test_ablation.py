"""The bundle of a stage that was trained with one modality: no other is encoded, sent or asked about."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.built_in_drive import drive_frames
from llm_service.correction.corrector import CorrectionTask
from tests.training.exporting.conftest import train
from tests.training.exporting.live_batch import COMMAND, EGO_STATE, PROPOSAL_M, live_batch
from training.exporting.comparison import TOLERANCE_M, trained_corrector
from training.exporting.export import export_bundle
from training.modeling.stage_checkpoint import save_stage
from training.serving.local_service import local_service
from waymend.frames import read_frame_directory
from waymend.vocabulary import MODALITIES


@pytest.fixture(scope="module", params=["image", "bev"])
def modality(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def stage(modality, start, tokenizer, make_batch, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("ablation") / "sft"
    corrector = start(modalities=(modality,))
    train(corrector, make_batch, tuple(name == modality for name in MODALITIES))
    save_stage(corrector, tokenizer, directory, "sft", {"steps": 1})
    return directory


@pytest.fixture(scope="module")
def bundle(stage) -> Path:
    export_bundle(stage, stage.parent / "bundle", "ablation", "1", compare=False)
    return stage.parent / "bundle"


def test_the_contract_and_the_card_name_the_modality_alone(modality, bundle, merged):
    contract, whole = (json.loads((path / "manifest.json").read_text())["contract"] for path in (bundle, merged))
    assert contract["modalities"] == {modality: whole["modalities"][modality]}
    assert list(whole["modalities"]) == list(MODALITIES)
    absent = ", ".join(name for name in MODALITIES if name != modality)
    assert f"Trained without {absent}: the contract has no such tokens" in (bundle / "MODEL_CARD.md").read_text()


def test_served_it_answers_as_the_trained_corrector_does(modality, stage, bundle, tokenizer):
    frame, trained = read_frame_directory(drive_frames()[0]), trained_corrector(stage)
    with local_service(bundle) as service:
        scene = service.encode(frame)
        answer = service.correct(scene, CorrectionTask(PROPOSAL_M, EGO_STATE, COMMAND))
        predicted = service._loop.run(service._engine.predict(answer.prompt, scene.uuid))
    assert set(scene.tokens) == {modality}
    assert len(scene.embedding.agents) > 0
    with torch.inference_mode():
        offset_m, scale_m = trained.predict(live_batch(frame, trained, tokenizer))
    np.testing.assert_allclose(predicted.offset_ego_m, offset_m[0], rtol=0, atol=TOLERANCE_M)
    np.testing.assert_allclose(answer.scale_m, scale_m[0], rtol=0, atol=TOLERANCE_M)
    assert offset_m.abs().max() > 10 * TOLERANCE_M
