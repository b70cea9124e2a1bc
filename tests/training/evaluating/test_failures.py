"""Whatever goes wrong with a case is counted by its kind, and the others are answered."""

import httpx
import numpy as np
import pytest

from perception_service.bundle import load_pipeline
from tests.training.evaluating.conftest import BUNDLE
from tests.training.evaluating.stub_service import answer, problem, serving
from training.evaluating.answering.reference import ModelInput, ReferenceModel
from training.evaluating.answering.sample_encoder import SampleEncoder
from training.evaluating.answering.served import ServedAnswerer
from training.evaluating.answering.starting import check_served_bundle
from training.evaluating.case import Case
from training.evaluating.metrics.failures import Failure
from waymend.bundle import open_bundle
from waymend.errors import InvalidField
from waymend.trajectory import EgoState, Horizon

PLAN = np.stack([4.5 * np.arange(1, 7), np.zeros(6)], axis=1)
CORRECTED = (PLAN + 0.25).tolist()


@pytest.fixture(scope="module")
def encoder(nuscenes) -> SampleEncoder:
    bundle, pipeline = load_pipeline(BUNDLE)
    return SampleEncoder(nuscenes, pipeline, bundle.manifest.contract)


@pytest.fixture
def cases(keyframes) -> list[Case]:
    return [Case(keyframes[0], "train", f"plan {number}", PLAN) for number in range(2)]


def ask(url, encoder, cases, timeout_s=5.0):
    with httpx.Client(base_url=url, timeout=timeout_s) as rest:
        return ServedAnswerer(rest, encoder, Horizon()).answer(cases, ())


@pytest.mark.parametrize(
    ("wrong", "failure"),
    [
        (problem(422, "invalid-field"), Failure.REFUSED),
        (problem(503, "overloaded"), Failure.REFUSED),
        (problem(504, "deadline-exceeded"), Failure.TIMED_OUT),
        (None, Failure.TIMED_OUT),
        (answer(CORRECTED, scale_m=[0.5, None, 0.5, 0.5, 0.5, 0.5]), Failure.NON_FINITE),
        (answer([[None, 0.0]] * 6), Failure.NON_FINITE),
        (answer(CORRECTED[:4]), Failure.REFUSED),
    ],
)
def test_a_wrong_answer_fails_its_case_alone(encoder, cases, wrong, failure):
    with serving(wrong, answer(CORRECTED)) as (url, _):
        failed, answered = ask(url, encoder, cases, timeout_s=0.4)
    assert failed.failure is failure
    np.testing.assert_array_equal(failed.driven_m(cases[0]), PLAN)
    assert answered.failure is None
    np.testing.assert_allclose(answered.driven_m(cases[1]), CORRECTED)


def test_a_frame_is_sent_once_for_all_its_proposals(encoder, cases):
    with serving(answer(CORRECTED), answer(CORRECTED)) as (url, asked):
        first, second = ask(url, encoder, cases)
    assert asked == [
        "/v1/sessions", "/v1/sessions/session-1/frames", "/v1/trajectories/correct", "/v1/trajectories/correct",
        "DELETE /v1/sessions/session-1",
    ]  # fmt: skip
    assert (first.times.perception, second.times.perception) == (7.0, None)
    assert first.times.trajectory == 6.0


def test_a_frame_that_has_grown_too_old_is_sent_again(encoder, cases):
    with serving(answer(CORRECTED), problem(409, "stale-embedding"), answer(CORRECTED)) as (url, asked):
        outcomes = ask(url, encoder, cases)
    assert [outcome.failure for outcome in outcomes] == [None, None]
    assert sum(path.endswith("/frames") for path in asked) == 2


def test_an_answer_is_not_taken_for_the_models_own_trajectory(encoder, cases):
    with serving(answer(PLAN.tolist(), status="kept_proposal", share=0.0), answer(CORRECTED)) as (url, _):
        kept, corrected = ask(url, encoder, cases)
    assert kept.alone_ego_m is corrected.alone_ego_m is None
    np.testing.assert_allclose(corrected.trajectory_ego_m, CORRECTED)


def test_a_service_that_is_gone_fails_every_case(encoder, cases):
    assert [outcome.failure for outcome in ask("http://127.0.0.1:9", encoder, cases)] == [Failure.REFUSED] * 2


SERVED = open_bundle(BUNDLE)
MODEL = {
    "name": SERVED.manifest.name,
    "version": SERVED.manifest.version,
    "contract_id": SERVED.manifest.contract_id,
    "manifest_sha256": SERVED.manifest_sha256,
}


def test_a_service_with_this_bundle_is_known_by_its_manifest():
    with serving(model=MODEL) as (url, _), httpx.Client(base_url=url) as rest:
        check_served_bundle(rest, SERVED)


@pytest.mark.parametrize("model", [None, [], "text", {}, MODEL | {"manifest_sha256": "0" * 64}])
def test_a_service_with_another_bundle_is_not_evaluated(model):
    with (
        serving(model=model) as (url, _),
        httpx.Client(base_url=url) as rest,
        pytest.raises(InvalidField, match="url"),
    ):
        check_served_bundle(rest, SERVED)


def test_a_frame_without_its_files_fails_its_cases(encoder, cases, nuscenes, monkeypatch, tmp_path):
    monkeypatch.setattr(nuscenes, "dataroot", str(tmp_path))
    with serving() as (url, _):
        outcomes = ask(url, encoder, cases)
    assert [outcome.failure for outcome in outcomes] == [Failure.REFUSED] * 2
    assert "readable sensor files" in outcomes[0].detail


def test_a_model_whose_numbers_are_not_finite_has_not_answered(encoder, cases):
    tokens = encoder.tokens(cases[0].sample_token)
    reference = ReferenceModel(open_bundle(BUNDLE), lambda _: tokens.prepared)

    def given(case):
        if case is cases[0]:
            return ModelInput(tokens.tokens, EgoState(float("nan")))
        return ModelInput(tokens.tokens, case.keyframe.ego_state)

    failed, answered = reference.answer(cases, given)
    assert failed.failure is Failure.NON_FINITE
    assert answered.failure is None


def test_a_case_whose_input_cannot_be_had_fails_alone(encoder, cases):
    tokens = encoder.tokens(cases[0].sample_token)
    reference = ReferenceModel(open_bundle(BUNDLE), lambda _: tokens.prepared)

    def given(case):
        if case is cases[1]:
            raise InvalidField("sample", "readable sensor files", "none")
        return ModelInput(tokens.tokens, case.keyframe.ego_state)

    answered, failed = reference.answer(cases, given)
    assert (answered.failure, failed.failure) == (None, Failure.REFUSED)
