"""highway-env's road network, with smooth lanes only."""

from collections.abc import Iterator
from typing import cast

from highway_env.road.road import LaneIndex, RoadNetwork

from training.data.traffic.curve_lane import CurveLane


class CurveNetwork(RoadNetwork):
    """Roads by their first and last node; a road's lanes count from its left edge."""

    def get_lane(self, index: LaneIndex) -> CurveLane:
        return cast(CurveLane, super().get_lane(index))

    def lanes(self) -> Iterator[tuple[LaneIndex, CurveLane]]:
        """All lanes, in the order in which they were added."""
        for start, ends in self.graph.items():
            for end, lanes in ends.items():
                for number, lane in enumerate(lanes):
                    yield (start, end, number), cast(CurveLane, lane)
