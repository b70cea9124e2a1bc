"""A request does not outlive its deadline or its client."""

import socket
import time

from tests.end_to_end.requests import CORRECT, correction


def test_a_deadline_that_cannot_be_met_is_told(rest):
    answer = rest.post(CORRECT, json=correction(deadline_ms=5))
    assert answer.status_code == 504
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:waymend:problem:deadline-exceeded"
    assert rest.post(CORRECT, json=correction()).status_code == 200


def test_a_client_that_goes_away_frees_its_slot(rest, stack):
    host, port = stack.rest_url.removeprefix("http://").split(":")
    body = rest.build_request("POST", CORRECT, json=correction(explain=True)).read()
    headers = f"Host: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    head = f"POST {CORRECT} HTTP/1.1\r\n{headers}"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        wait_for_in_flight(rest, 1.0)
        failed = answered_with(rest, "5xx")
    wait_for_in_flight(rest, 0.0)
    assert answered_with(rest, "5xx") == failed
    assert answered_with(rest, "4xx") > 0
    assert rest.post(CORRECT, json=correction()).status_code == 200


def answered_with(rest, status):
    start = f'http_requests_total{{handler="{CORRECT}",method="POST",status="{status}"}} '
    lines = rest.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


def wait_for_in_flight(rest, expected):
    for _ in range(500):
        lines = rest.get("/metrics").text.splitlines()
        if f"waymend_corrections_in_flight {expected}" in lines:
            return
        time.sleep(0.01)
    raise AssertionError(f"never {expected} corrections in flight")
