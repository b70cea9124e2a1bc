"""The frame that a server encodes before it serves."""

from concurrent.futures import ThreadPoolExecutor

from perception_service.limits import FrameLimits
from perception_service.pipeline import PerceptionPipeline
from perception_service.warm_up import warm_up_frame
from perception_service.wire.decode import decode_frame


def test_the_warm_up_frame_is_legal_and_takes_every_path(loaded, jpeg_decoders: ThreadPoolExecutor):
    _, pipeline = loaded
    assert isinstance(pipeline, PerceptionPipeline)
    scene = decode_frame(warm_up_frame(), FrameLimits(), jpeg_decoders)
    assert len(scene.cameras) == 6
    assert scene.agents
    assert scene.map
    assert len(pipeline.encode(scene).vector_tokens) > len(scene.agents)
