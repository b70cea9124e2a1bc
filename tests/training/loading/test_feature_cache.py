"""Features that are kept: what they are worth, when they are used again, and when they are made anew."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.loading.encoding import EncodingOptions, encoded_frames
from training.loading.feature_cache import BEV_FILE, IMAGE_FILE, INDEX_FILE, FeatureCache, cached_features
from waymend.errors import InvalidField


@pytest.fixture
def cache_of(tmp_path, perception, reader, rows):
    """Opens or makes a cache below a folder of this test."""

    def open_or_make(model=perception, from_reader=reader, tokens=rows.sample_tokens[:1], **options) -> FeatureCache:
        return cached_features(tmp_path, "train", model, from_reader, tokens, **options)

    return open_or_make


def made_at(cache: FeatureCache) -> int:
    return (cache.directory / IMAGE_FILE).stat().st_ino


def test_tokens_from_cached_features_are_the_service_s(features, perception, pipeline, reader, rows):
    for token in rows.sample_tokens:
        served = pipeline.encode(reader.scene(token))
        with torch.inference_mode():
            image = perception.image_tokens(features.image(token)[None])[0]
            bev = perception.bev_tokens(features.bev(token)[None])[0]
        assert image.shape == (96, 256)
        assert bev.shape == (64, 256)
        np.testing.assert_allclose(image, served.image_tokens, atol=4e-3)
        np.testing.assert_allclose(bev, served.bev_tokens, atol=4e-3)


def test_key_frames_have_features_of_their_own(features, rows):
    first, second, third = (features.bev(token) for token in rows.sample_tokens)
    assert not torch.equal(first, second)
    assert not torch.equal(second, third)


def test_batches_change_nothing_but_rounding(features, perception, reader, rows):
    one_by_one = list(encoded_frames(perception, reader, rows.sample_tokens, EncodingOptions(batch_size=1)))
    assert len(one_by_one) == 3
    for token, frame in zip(rows.sample_tokens, one_by_one, strict=True):
        np.testing.assert_allclose(frame.image[0], features.image(token), atol=2e-3, rtol=2e-3)
        np.testing.assert_allclose(frame.bev[0], features.bev(token), atol=2e-3, rtol=2e-3)


def test_what_is_there_is_used_again(cache_of):
    first = cache_of()
    assert made_at(cache_of()) == made_at(first)


def test_training_behind_the_features_keeps_them(cache_of, perception):
    first = cache_of()
    changed = deepcopy(perception)
    for part in (changed.image_tokens, changed.bev_tokens, changed.vector_tokens):
        for parameter in part.parameters():
            parameter.data += 1.0
    assert made_at(cache_of(changed)) == made_at(first)


def test_other_encoder_weights_make_other_features(cache_of, perception, rows):
    token = rows.sample_tokens[0]
    changed = deepcopy(perception)
    changed.bevfusion.img_neck.fpn_convs[0].conv.weight.data *= 1.5
    first, second = cache_of(), cache_of(changed)
    assert first.directory != second.directory
    assert not torch.equal(first.image(token), second.image(token))
    assert made_at(cache_of()) == made_at(first)


def test_other_statistics_of_a_normalisation_make_other_features(cache_of, perception):
    changed = deepcopy(perception)
    changed.bevfusion.img_backbone.bn1.running_mean += 0.1
    assert cache_of().directory != cache_of(changed).directory


def test_other_key_frames_make_a_new_cache(cache_of, rows):
    assert cache_of().directory != cache_of(tokens=rows.sample_tokens[1:2]).directory


def test_a_data_set_that_was_written_anew_makes_a_new_cache(cache_of, dataroot):
    first = cache_of()
    os.utime(dataroot / "v1.0-mini" / "sample_data.json", (1, 1))
    assert cache_of().directory != first.directory


def test_other_cameras_make_a_new_cache(cache_of, reader, rows):
    two = cache_of(from_reader=replace(reader, camera_views=2))
    assert two.camera_views == 2
    assert two.image(rows.sample_tokens[0]).shape == (2, 64, 16, 44)
    assert cache_of().camera_views == 6


def test_overwriting_makes_the_same_features_anew(cache_of, rows):
    first = cache_of()
    values, inode = first.image(rows.sample_tokens[0]), made_at(first)
    again = cache_of(overwrite=True)
    assert again.directory == first.directory
    assert made_at(again) != inode
    assert torch.equal(again.image(rows.sample_tokens[0]), values)


def test_making_that_fails_leaves_nothing(cache_of, rows, tmp_path):
    with pytest.raises(InvalidField, match="sample: expected the token of a sample"):
        cache_of(tokens=(*rows.sample_tokens[:2], "0" * 32), options=EncodingOptions(batch_size=1))
    assert list(tmp_path.iterdir()) == []


def test_overwriting_that_fails_leaves_what_was_there(cache_of, dataroot, rows):
    first = cache_of()
    values = first.image(rows.sample_tokens[0])
    image = next((dataroot / "samples" / "CAM_BACK").iterdir())
    contents = {path: path.read_bytes() for path in image.parent.iterdir()}
    for path in contents:
        path.write_bytes(b"no picture")
    try:
        with pytest.raises(InvalidField, match="CAM_BACK"):
            cache_of(overwrite=True)
    finally:
        for path, jpeg in contents.items():
            path.write_bytes(jpeg)
    assert torch.equal(cache_of().image(rows.sample_tokens[0]), values)


def test_two_processes_may_make_the_same_features(perception, reader, rows, tmp_path):
    def make():
        return cached_features(tmp_path, "train", perception, reader, rows.sample_tokens[:1])

    with ThreadPoolExecutor(2) as both:
        first, second = (made.result() for made in [both.submit(make), both.submit(make)])
    assert made_at(first) == made_at(second)
    assert list(tmp_path.iterdir()) == [first.directory]


def test_another_process_opens_it_by_its_folder(features, rows):
    copy = pickle.loads(pickle.dumps(features))
    token = rows.sample_tokens[-1]
    assert len(pickle.dumps(features)) < 1000
    assert torch.equal(copy.bev(token), features.bev(token))


@pytest.mark.parametrize("name", [IMAGE_FILE, BEV_FILE, INDEX_FILE])
def test_a_cut_off_file_is_refused(cache_of, name):
    path: Path = cache_of().directory / name
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(InvalidField) as refused:
        cache_of()
    assert refused.value.field == name


def test_no_key_frames_are_refused(cache_of):
    with pytest.raises(InvalidField, match="sample_tokens: expected at least one"):
        cache_of(tokens=())
