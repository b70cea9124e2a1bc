"""What a trajectory may do at most, and the size of the vehicle that follows it."""

from pydantic import BaseModel, ConfigDict, Field

from waymend import ego_vehicle

TIGHTEST_CURVATURE_1PM = 0.26
"""Of the path of the rear axle: a radius of 3.85 m.

A Renault Zoe turns between kerbs 10.56 m apart, so its outer front wheel runs on a radius of 5.28 m. With the
wheelbase of 2.588 m and half a track of 0.755 m the rear axle's centre is at sqrt(5.28^2 - 2.588^2) - 0.755 m.
"""
SHORTEST_CURVATURE_CHORD_M = 1.0
"""On less, noise decides how a step turns."""


class VerifierLimits(BaseModel):
    """Limits of one trajectory, as configuration.

    A limit marks the edge of ordinary driving by people, not the edge of tyre grip: an emergency stop fails
    `min_longitudinal_acceleration_mps2` although the car can do it. So a failed kinematic check says "no
    ordinary driver drives like this", and the comparison of two trajectories puts collisions first.

    The limits on braking, lateral acceleration, jerk and yaw rate are those of nuPlan's metric `ego_is_comfortable`,
    which were set from human driving in the nuPlan data. That metric smooths a 10 Hz state over 1.5 s; here the same
    quantities come from finite differences of the waypoints, see `llm_service.verifier.kinematics`. nuPlan's separate
    limit on longitudinal jerk, 4.13 m/s^3, is left out: without the smoothing, one human future in six is past it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_speed_mps: float = Field(default=25.0, gt=0)
    """Forwards or in reverse. 90 km/h, the highest speed limit of Singapore's expressways; set it to the site's."""

    min_longitudinal_acceleration_mps2: float = Field(default=-4.05, lt=0)
    """nuPlan: hardest braking."""

    max_longitudinal_acceleration_mps2: float = Field(default=3.5, gt=0)
    """A Renault Zoe at full power: 50 km/h in about 4 s. nuPlan's 2.40 is comfort; people in nuScenes reach 2.8."""

    max_lateral_acceleration_mps2: float = Field(default=4.89, gt=0)
    """nuPlan: to either side."""

    max_jerk_mps3: float = Field(default=8.37, gt=0)
    """nuPlan: length of the change of the acceleration vector."""

    max_yaw_rate_radps: float = Field(default=0.95, gt=0)
    """nuPlan: to either side."""

    max_curvature_1pm: float = Field(default=TIGHTEST_CURVATURE_1PM, gt=0)
    """Of the path of the rear axle, to either side."""

    min_curvature_chord_m: float = Field(default=SHORTEST_CURVATURE_CHORD_M, gt=0)
    """Curvature and yaw rate are judged where a step moves at least this far; on less, noise decides them."""

    max_off_road_m: float = Field(default=0.3, ge=0)
    """How far the vehicle may reach past the drivable area; nuPlan's `drivable_area_compliance` of its corners."""

    substep_s: float = Field(default=0.1, gt=0)
    """Longest time between two poses at which the vehicle's box is placed between waypoints."""


class EgoDimensions(BaseModel):
    """Outline of the ego vehicle around its rear axle.

    The defaults are the vehicle that recorded nuScenes, see `waymend.ego_vehicle`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    length_m: float = Field(default=ego_vehicle.LENGTH_M, gt=0)
    width_m: float = Field(default=ego_vehicle.WIDTH_M, gt=0)
    rear_axle_to_center_m: float = ego_vehicle.REAR_AXLE_TO_CENTER_M
