"""What is sent of a frame."""

import json

from demo.built_in_drive import drive_frames
from training.serving.inline_request import frame_parts
from waymend.frames import read_frame_directory


def test_the_frame_is_sent_without_where_the_vehicle_truly_went():
    frame = read_frame_directory(drive_frames()[0])
    assert frame.description.future_trajectory_ego_m is not None
    sent = json.loads(frame_parts(frame)["frame"][1])
    assert sent.pop("future_trajectory_ego_m") is None
    assert sent == json.loads(frame.description.model_dump_json(exclude={"future_trajectory_ego_m"}))
