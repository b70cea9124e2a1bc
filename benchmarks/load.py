"""`python -m benchmarks.load URL CLIENTS REQUESTS FIRST_SEED`: a load generator in a process of its own.

Keep-alive connections, one thread a client; prints one JSON object with every request's seconds and the wall time.
"""

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit

from benchmarks.workload import EGO_STATE, proposal, session_name


def main() -> int:
    url, (clients, requests, first_seed) = sys.argv[1], map(int, sys.argv[2:])
    address = urlsplit(url)
    durations_s: list[float] = []
    ready = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        connection.connect()
        bodies = [_body(first_seed + seed) for seed in range(number, requests, clients)]
        ready.wait()
        for body in bodies:
            started = time.perf_counter()
            connection.request("POST", "/v1/trajectories/correct", body, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200:
                raise RuntimeError(answer.decode())
            durations_s.append(time.perf_counter() - started)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    print(json.dumps({"seconds": durations_s, "wall_s": time.perf_counter() - started}))
    return 0


def _body(seed: int) -> str:
    return json.dumps(
        {
            "scene": {"kind": "session", "session_id": session_name(seed)},
            "proposal": {"waypoints_ego_m": proposal(seed).tolist(), "step_s": 0.5},
            "ego_state": {"speed_mps": EGO_STATE.speed_mps},
            "explain": False,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
