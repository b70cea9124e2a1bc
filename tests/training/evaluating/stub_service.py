"""A server that answers as no healthy service would: each request to correct gets the next of a list of answers."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_S = 1.0
CHECKS = {"checks": [{"name": "waypoints", "status": "passed"}]}


def answer(waypoints, **changes):
    """A correction as the service words it."""
    return 200, {
        "waypoints_ego_m": waypoints,
        "scale_m": [0.5] * len(waypoints),
        "status": "corrected",
        "share": 1.0,
        "reason": "",
        "checks": {"proposal": CHECKS, "correction": CHECKS},
        "timing_ms": {"prompt": 1.0, "prefill": 2.0, "verifier": 3.0},
        **changes,
    }


def problem(status, kind):
    return status, {"type": f"urn:waymend:problem:{kind}", "status": status, "detail": f"it is {kind}"}


@contextmanager
def serving(*answers, model=None) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths of the requests that came; None among the answers keeps the client waiting.

    `model` is what `/v1/models` tells, if anything.
    """
    left, asked = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/v1/sessions":
                self._send(201, {"id": f"session-{len(asked)}"})
            elif self.path.endswith("/frames"):
                self._send(200, {"timing_ms": {"perception": 7.0, "wire": 1.0}})
            elif (next_one := left.pop(0)) is None:
                time.sleep(SLOW_S)
            else:
                self._send(*next_one)

        def do_GET(self):
            self._send(*(404, {}) if model is None else (200, {"models": [model]}))

        def do_DELETE(self):
            asked.append(f"DELETE {self.path}")
            self._send(204, None)

        def _send(self, status, body):
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
