import numpy as np
import pytest
import shapely

from tests.training.data.traffic.conftest import CAR, TwoLanes
from training.data.traffic.bodies import Body
from training.data.traffic.layouts.layout import CrossingSite, site_on
from training.data.traffic.walkers import Walker, bumper_distance, crossing_way, stopping_distance

_PERSON = Body("human.pedestrian.adult", (0.7, 0.7, 1.75))


def _site(two_lanes: TwoLanes) -> CrossingSite:
    """A crossing from x = 100 to 103.4 m, walked in the direction of +y from y = -9 to 2."""
    return site_on(
        two_lanes.road.network, shapely.box(100.0, -7.5, 103.4, 0.5), np.array([[101.7, -9.0], [101.7, 2.0]]), True
    )


def _walker(two_lanes: TwoLanes, **options) -> Walker:
    site = _site(two_lanes)
    way = crossing_way(site, backwards=False, before_m=1.0, random=np.random.default_rng(1))
    walker = Walker(_PERSON, way, 1.4, site, kerb_m=1.0, **options)
    two_lanes.road.objects.append(walker)
    return walker


def _step(two_lanes: TwoLanes, walker: Walker) -> None:
    walker.step(0.1)
    walker.consider(two_lanes.road.vehicles)
    walker.hold(two_lanes.road.vehicles)


def test_a_crossing_knows_where_lanes_lead_over_it(two_lanes: TwoLanes) -> None:
    cuts = {cut.lane_index[2]: cut for cut in _site(two_lanes).cuts}
    assert cuts[0].lane_m == pytest.approx((100.0, 103.4))
    assert cuts[0].walk_m == pytest.approx((5.5, 9.0))
    assert cuts[1].walk_m == pytest.approx((2.0, 5.5))


def test_a_driver_brakes_for_the_walker_and_keeps_its_distance(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(0, 40.0, 10.0)
    walker = _walker(two_lanes)
    walker.released = True
    nearest: list[float] = []

    def step() -> None:
        _step(two_lanes, walker)
        if walker.started and -7.0 < walker.position[1] < 0.0:
            nearest.append(float(101.7 - driver.position[0] - CAR.size_lwh_m[0] / 2))

    two_lanes.run(30.0, step)
    assert min(nearest) > 2.0
    assert walker.position[1] > 1.5
    assert driver.position[0] > 110.0


def test_a_walker_lets_a_driver_pass_who_cannot_stop(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(0, 80.0, 14.0)
    walker = _walker(two_lanes)
    walker.released, walker.station_m = True, 1.0
    started_at: list[float] = []

    def step() -> None:
        _step(two_lanes, walker)
        if walker.started:
            started_at.append(float(driver.position[0]))

    two_lanes.run(6.0, step)
    assert started_at[0] > 103.4
    assert driver.speed == pytest.approx(14.0, abs=0.5)


def test_a_walker_stays_at_the_kerb_until_released(two_lanes: TwoLanes) -> None:
    walker = _walker(two_lanes)
    two_lanes.run(8.0, lambda: _step(two_lanes, walker))
    assert walker.position[1] == pytest.approx(-9.0, abs=0.3)
    assert not walker.started


def test_bumper_distance_counts_from_the_front(two_lanes: TwoLanes) -> None:
    driver = two_lanes.driver(1, 50.0, 10.0)
    distances = [bumper_distance(driver, cut) for cut in _site(two_lanes).cuts]
    assert distances == [None, pytest.approx(50.0 - CAR.size_lwh_m[0] / 2)]
    assert stopping_distance(10.0, 2.5) == pytest.approx(1.3 + 4.0 + 20.0)
