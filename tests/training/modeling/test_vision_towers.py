"""A vision model of transformers makes the image features, in training and in serving alike."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest
import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    Dinov2Config,
    Dinov2Model,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from perception_service.limits import FrameLimits
from perception_service.models.config import PerceptionConfig
from perception_service.models.presets import preset
from perception_service.pipeline import PerceptionPipeline
from perception_service.preprocessing import bevfusion_inputs
from perception_service.wire.decode import decode_frame
from tests.perception_service.small_frame import small_frame
from tests.training.modeling.test_trainable import reached_parts
from training.modeling.base_reference import BaseReference
from training.modeling.settings import CorrectorSettings
from training.modeling.stage_checkpoint import load_stage, save_stage
from training.modeling.starting import start_corrector
from training.modeling.trainable import trainable_parameters
from training.modeling.vision_towers import perception_with_tower
from waymend.errors import InvalidField

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 64,
    "patch_size": 16,
}
MEAN, STD = [0.48, 0.46, 0.41], [0.27, 0.26, 0.28]


def write_source(directory, kind):
    torch.manual_seed(0)
    if kind == "clip":
        text = CLIPTextConfig(
            vocab_size=99, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
        )
        model = CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=CLIPVisionConfig(**SIZES).to_dict()))
    elif kind == "siglip":
        model = SiglipVisionModel(SiglipVisionConfig(**SIZES))
    else:
        model = Dinov2Model(Dinov2Config(**SIZES))
    model.save_pretrained(directory)
    (directory / "preprocessor_config.json").write_text(json.dumps({"image_mean": MEAN, "image_std": STD}))
    return directory


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_source(tmp_path_factory.mktemp("clip"), "clip")


@pytest.fixture(scope="module")
def scene():
    with ThreadPoolExecutor(1) as decoders:
        return decode_frame(small_frame(), FrameLimits(), decoders)


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2"])
def test_features_are_the_patches_of_the_sources_own_model(tmp_path, kind):
    model = perception_with_tower(preset("tiny"), str(write_source(tmp_path, kind)))
    tower = model.vision_tower
    assert (tower.feature_size, tower.input_size) == ((8, 22), (128, 352))
    images = torch.randn(1, 6, 3, 128, 352)
    features = model.image_features(images)
    assert features.shape == (1, 6, 32, 8, 22)
    own = {"clip": CLIPModel, "siglip": SiglipVisionModel, "dinov2": Dinov2Model}[kind].from_pretrained(tmp_path)
    own = own.vision_model if kind == "clip" else own
    network = model.config.image
    rgb = (images[0] * torch.tensor(network.std)[:, None, None] + torch.tensor(network.mean)[:, None, None]) / 255
    pixels = (rgb - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    states = own.eval()(pixel_values=pixels, interpolate_pos_encoding=True).last_hidden_state
    expected = states[:, -8 * 22 :].mT.unflatten(2, (8, 22))
    torch.testing.assert_close(features[0], expected, rtol=1e-4, atol=1e-4)


def test_the_configuration_survives_json(clip):
    model = perception_with_tower(preset("tiny"), str(clip))
    document = json.loads(json.dumps(model.config.document()))
    assert PerceptionConfig.parse(document) == PerceptionConfig.parse(model.config.document())
    assert document["tokens"]["image"]["tower"]["model"]["model_type"] == "clip_vision_model"


def test_the_service_makes_its_image_tokens_of_the_tower(clip, scene):
    model = perception_with_tower(preset("tiny"), str(clip)).eval()
    encoded = PerceptionPipeline(model, model.config).encode(scene)
    inputs = bevfusion_inputs(scene, model.config)
    with torch.inference_mode():
        tokens = model.image_tokens(model.token_features(inputs)[0])[0]
    np.testing.assert_allclose(encoded.image_tokens, tokens.numpy(), rtol=0, atol=5e-3)
    with torch.no_grad():
        model.vision_tower.model.embeddings.patch_embedding.weight.mul_(2.0)
    other = PerceptionPipeline(model, model.config).encode(scene)
    assert np.abs(other.image_tokens - encoded.image_tokens).max() > 1e-2
    assert np.array_equal(other.bev_tokens, encoded.bev_tokens)


@pytest.fixture
def live_batch(make_batch, scene, clip):
    inputs = bevfusion_inputs(scene, perception_with_tower(preset("tiny"), str(clip)).config)
    batch = make_batch([0])
    return batch | {"sensors": {field.name: getattr(inputs, field.name) for field in fields(inputs)}}


@pytest.mark.parametrize(("frozen", "bevfusion_frozen"), [(False, True), (True, False)])
def test_the_freeze_flags_hold_tower_and_bevfusion_apart(base_directory, clip, live_batch, frozen, bevfusion_frozen):
    settings = CorrectorSettings(
        finetuning_type="full", freeze_llm=True, freeze_vision_tower=frozen, freeze_bevfusion=bevfusion_frozen
    )
    perception = perception_with_tower(preset("tiny"), str(clip))
    corrector = start_corrector(base_directory, perception, settings, BaseReference("x"))
    trained = {name.split(".")[1] for name in trainable_parameters(corrector) if name.startswith("perception.")}
    assert ("vision_tower" in trained, "bevfusion" in trained) == (not frozen, not bevfusion_frozen)
    assert perception.vision_tower.training == (not frozen)
    corrector.example_terms(live_batch)["traj"].total.backward()
    reached = reached_parts(corrector)
    assert ("perception.vision_tower" in reached) == (not frozen)
    assert ("perception.bevfusion.img_backbone" in reached) == (not bevfusion_frozen)


def test_a_stage_keeps_its_tower(base_directory, tokenizer, clip, tmp_path):
    perception = perception_with_tower(preset("tiny"), str(clip))
    corrector = start_corrector(base_directory, perception, CorrectorSettings(), BaseReference("x"))
    save_stage(corrector, tokenizer, tmp_path / "stage", "sft")
    loaded = load_stage(tmp_path / "stage", CorrectorSettings())
    for name, tensor in perception.state_dict().items():
        assert torch.equal(loaded.perception.state_dict()[name], tensor), name
    assert any(name.startswith("vision_tower.") for name in perception.state_dict())


def test_a_source_that_says_nothing_of_its_pixels_is_refused(tmp_path):
    write_source(tmp_path, "siglip")
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(InvalidField, match=r"vision_tower: expected a model with image_mean"):
        perception_with_tower(preset("tiny"), str(tmp_path))
