"""Batches: shapes, padding, and that the models take them."""

import pytest
import torch

from llm_service.modeling.transformers_model import TrajectoryLlamaForCausalLM
from perception_service.models.bevfusion.inputs import BevFusionInputs
from perception_service.models.tokens.vector_inputs import VectorInputs
from training.loading.collation import ExampleCollator
from training.loading.modality_choice import ModalityChoice
from training.modeling.base_reference import BaseReference
from training.modeling.settings import CorrectorSettings
from training.modeling.starting import start_corrector
from waymend.vocabulary import MODALITIES

HALF = ModalityChoice(dropout=0.5, seed=1)


@pytest.fixture
def collate(llm_config):
    return ExampleCollator(llm_config.pad_token_id)


@pytest.fixture
def model(tiny_llm):
    return TrajectoryLlamaForCausalLM.from_pretrained(tiny_llm, dtype=torch.float32).eval()


def trajectories(model, perception, batch):
    """Offsets [B, T, 2] from a batch, through the token makers and the language model."""
    vector, real = perception.vector_tokens(VectorInputs(**batch["vector"]))
    made = {
        "image": list(perception.image_tokens(batch["image_features"])),
        "bev": list(perception.bev_tokens(batch["bev_features"])),
        "vector": [tokens[mask] for tokens, mask in zip(vector, real, strict=True)],
    }
    shown = {
        name: [tokens for tokens, there in zip(made[name], batch["modality_present"][:, place], strict=True) if there]
        for place, name in enumerate(MODALITIES)
    }
    with torch.inference_mode():
        return model.trajectory(batch["input_ids"], shown | {"plan": list(batch["plan"])}, batch["attention_mask"])[0]


def test_a_batch_has_the_shapes_that_the_corrector_takes(make_examples, collate):
    examples = make_examples()
    batch = collate([examples[i] for i in (0, 9, 18, 26)])
    length = max(len(examples[i].input_ids) for i in (0, 9, 18, 26))
    shapes = {name: tuple(value.shape) for name, value in batch.items() if torch.is_tensor(value)}
    assert shapes == {
        "keyframe": (4,),
        "input_ids": (4, length),
        "attention_mask": (4, length),
        "labels": (4, length),
        "plan": (4, 1, 78),
        "offset_m": (4, 6, 2),
        "modality_present": (4, 3),
        "image_features": (4, 6, 64, 16, 44),
        "bev_features": (4, 128, 32, 32),
    }
    assert batch["vector"]["agents"].shape[::2] == (4, 11)
    assert {batch[name].dtype for name in ("plan", "offset_m", "image_features", "bev_features")} == {torch.float32}
    assert {batch[name].dtype for name in ("input_ids", "attention_mask", "labels")} == {torch.int64}


def test_shorter_sequences_are_padded_on_the_right(make_examples, collate, llm_config):
    examples = [make_examples(HALF)[i] for i in range(6)]
    batch = collate(examples)
    for example, ids, mask, labels in zip(
        examples, batch["input_ids"], batch["attention_mask"], batch["labels"], strict=True
    ):
        length = len(example.input_ids)
        assert torch.equal(ids[:length], example.input_ids)
        assert torch.equal(labels[:length], example.labels)
        assert mask.tolist() == [1] * length + [0] * (len(ids) - length)
        assert (ids[length:] == llm_config.pad_token_id).all()
        assert (labels[length:] == -100).all()


def test_the_models_take_a_batch_and_padding_changes_no_trajectory(make_examples, collate, model, perception):
    examples = [make_examples(HALF)[i] for i in (0, 5, 10, 26)]
    assert len({len(example.input_ids) for example in examples}) > 1
    together = trajectories(model, perception, collate(examples))
    alone = torch.cat([trajectories(model, perception, collate([example])) for example in examples])
    assert together.shape == (4, 6, 2)
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_sensors_of_live_encoders_give_what_was_cached(make_examples, collate, reader, perception):
    live, cached = make_examples(encoders=reader), make_examples()
    batch = collate([live[0], live[20]])
    assert "image_features" not in batch
    assert [cloud.shape[1] for cloud in batch["sensors"]["points_lidar"]] == [5, 5]
    with torch.inference_mode():
        outputs = perception.bevfusion(BevFusionInputs(**batch["sensors"]))
    expected = collate([cached[0], cached[20]])
    torch.testing.assert_close(outputs.image_features, expected["image_features"], atol=4e-3, rtol=4e-3)


def test_the_corrector_s_losses_are_the_same_from_sensors_and_from_features(
    make_examples, collate, tiny_llm, reader, perception
):
    corrector = start_corrector(tiny_llm, perception, CorrectorSettings(), BaseReference.of("builtin:tiny")).eval()
    live, cached = make_examples(HALF, encoders=reader), make_examples(HALF)
    with torch.no_grad():
        from_sensors, from_features = (
            corrector(batch, [batch])
            for batch in (collate([given[i] for i in (0, 7, 13, 20, 26)]) for given in (live, cached))
        )
    assert from_features.examples.keys() == {"lm", "traj"}
    for name, (total, count) in from_features.examples.items():
        assert total > 0
        assert count > 0
        torch.testing.assert_close(from_sensors.examples[name][0], total, atol=0.0, rtol=1e-3)
    assert from_sensors.alignment.keys() == from_features.alignment.keys() != set()
    for name, loss in from_features.alignment.items():
        torch.testing.assert_close(from_sensors.alignment[name], loss, atol=1e-3, rtol=1e-3)


def test_disabled_modalities_are_not_in_the_batch(make_examples, collate):
    examples = make_examples(ModalityChoice((False, True, False)))
    batch = collate([examples[0], examples[1]])
    assert "vector" not in batch
    assert "image_features" not in batch
    assert "sensors" not in batch
    assert batch["bev_features"].shape == (2, 128, 32, 32)
