import pytest
import torch
from mmdet3d.registry import TASK_UTILS

from perception_service.models.bevfusion import transfusion_bbox_coder as _registers_the_coder  # noqa: F401
from perception_service.models.presets import preset

HEAD = {name: value for name, value in preset("tiny")["bevfusion"]["bbox_head"].items() if name != "type"}


@pytest.fixture(scope="module")
def head(tiny_model):
    return tiny_model.bevfusion.bbox_head


def predictions_of(targets):
    """What a perfect head would predict, [1, channels, n]."""
    columns = targets.mT[None]
    return {
        "center": columns[:, 0:2],
        "height": columns[:, 2:3],
        "dim": columns[:, 3:6],
        "rot": columns[:, 6:8],
        "vel": columns[:, 8:10],
    }


def test_encoded_boxes_decode_to_themselves_best_first(head):
    boxes = torch.tensor(
        [[10.0, -20.0, -1.5, 4.5, 1.9, 1.6, 2.8, 5.0, -1.0], [-30.0, 4.0, -2.0, 0.5, 0.6, 1.1, -0.3, 0.0, 0.0]]
    )
    heat = torch.zeros(1, 10, 2)
    heat[0, 0, 0], heat[0, 9, 1] = 0.4, 0.8
    (detected,) = head.bbox_coder.decode(heat, **predictions_of(head.bbox_coder.encode(boxes)))
    torch.testing.assert_close(detected.boxes_lidar, boxes[[1, 0]])
    torch.testing.assert_close(detected.scores, torch.tensor([0.8, 0.4]))
    assert detected.labels.tolist() == [9, 0]


def test_boxes_outside_the_range_are_dropped(head):
    boxes = torch.tensor([[70.0, 0.0, -1.5, 4.5, 1.9, 1.6, 0.0, 0.0, 0.0]])
    (detected,) = head.bbox_coder.decode(torch.full((1, 10, 1), 0.5), **predictions_of(head.bbox_coder.encode(boxes)))
    assert len(detected.scores) == 0


def test_the_coder_is_found_by_its_official_name():
    assert TASK_UTILS.build(dict(HEAD["bbox_coder"])).code_size == 10


def test_peaks_are_local_maxima_except_for_small_classes(head):
    heat = torch.full((1, 10, 128, 128), 0.01)
    heat[0, 0, 40, 50], heat[0, 0, 40, 51] = 0.9, 0.8
    heat[0, 8, 70, 20], heat[0, 8, 70, 21] = 0.7, 0.6
    heat[0, 3, 0, 5] = 0.95
    labels, cells, peaks = head._peaks(heat)
    best = list(zip(labels[0].tolist(), cells[0].tolist(), strict=True))[:3]
    assert best == [(0, 40 * 128 + 50), (8, 70 * 128 + 20), (8, 70 * 128 + 21)]
    assert peaks[0, 3, 5] == 0, "a cell at the edge is no peak"


def test_queries_start_at_their_peaks(head):
    outputs = head(torch.randn(2, HEAD["in_channels"], 128, 128))
    assert outputs.query_labels.shape == (2, 100)
    assert outputs.layers[-1]["vel"].shape == (2, 2, 100)
    best = outputs.query_scores.gather(1, outputs.query_labels[:, None])[:, 0]
    assert (best.diff(dim=1) <= 0).all()
    heat = outputs.dense_heatmap.sigmoid()
    hottest = torch.maximum(heat[:, :8, 1:-1, 1:-1].flatten(1).amax(1), heat[:, 8:].flatten(1).amax(1))
    torch.testing.assert_close(best[:, 0], hottest)


def test_an_untrained_head_is_unsure(head):
    with torch.no_grad():
        outputs = head(torch.zeros(1, HEAD["in_channels"], 128, 128))
    assert outputs.dense_heatmap.sigmoid().mean() == pytest.approx(0.1, abs=0.05)
    (detected,) = head.predict(outputs)
    assert detected.scores.max() < 0.1
