"""A drive: a street, the ego vehicle's motion and everyone else's."""

from dataclasses import dataclass

from training.procedural.motion import Motion
from training.procedural.street import Street
from training.rendering.mesh import Part
from waymend.geometry import Pose


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A road user or parked vehicle.

    Attributes:
        track_id: Unique in its scene.
        object_class: One of `OBJECT_CLASSES`.
        size_m: Length, width, height; `shape` fills exactly this box.
        shape: x forward, standing on z = 0, centred in x and y.
        motion: Of the box centre.
        base_m: Height of the surface that it stands on.
    """

    track_id: str
    object_class: str
    size_m: tuple[float, float, float]
    shape: Part
    motion: Motion
    base_m: float = 0.0

    def pose(self, time_s: float) -> Pose:
        """`scene_from_shape` at a time."""
        state = self.motion.state(time_s)
        return Pose.from_yaw(state.yaw_rad, (state.x_m, state.y_m, self.base_m))


@dataclass(frozen=True, slots=True, eq=False)
class DriveScene:
    """Everything about a drive that its frames are made from.

    Attributes:
        name: Prefix of frame ids.
        scenery: What does not move, in the scene frame.
        ego: Motion of the ego vehicle's rear axle; the true, expert one.
        global_from_scene: Places the scene in a global map frame.
        frame_times_s: Times of the key frames.
    """

    name: str
    street: Street
    scenery: Part
    ego: Motion
    actors: tuple[Actor, ...]
    global_from_scene: Pose
    frame_times_s: tuple[float, ...]

    def scene_from_ego(self, time_s: float) -> Pose:
        state = self.ego.state(time_s)
        return Pose.from_yaw(state.yaw_rad, (state.x_m, state.y_m, 0.0))
