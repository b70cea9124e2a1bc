"""The client needs grpcio (which brings typing_extensions), protobuf and numpy alone."""

import subprocess
import sys

_SCRIPT = """
import sys

ALLOWED = {"grpc", "typing_extensions", "google", "numpy", "perception_service", "waymend"} | sys.stdlib_module_names


class Gate:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"{name} is blocked")
        return None


sys.meta_path.insert(0, Gate())
import perception_service.client
from perception_service.client import AsyncPerceptionClient, PerceptionClient

PerceptionClient("127.0.0.1:1").close()
foreign = {"pydantic", "torch", "PIL", "structlog", "waymend.frames", "perception_service.server"} & set(sys.modules)
assert not foreign, foreign
"""


def test_the_client_imports_nothing_but_grpcio_protobuf_and_numpy() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
