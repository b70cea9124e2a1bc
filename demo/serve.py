"""`python -m demo.serve`: both services on loopback until Ctrl-C."""

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from demo.built_in_drive import BUILT_IN_DRIVE
from training.serving.stack import StackFailed, StackPlan, local_stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.serve", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("bundles/default"))
    parser.add_argument("--frames-root", type=Path, default=BUILT_IN_DRIVE)
    parser.add_argument("--rest-port", type=int, default=8000)
    parser.add_argument("--perception-port", type=int, default=50051)
    parser.add_argument("--logs", type=Path, default=Path("out/serve"))
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    plan = StackPlan(
        arguments.bundle, arguments.logs, arguments.frames_root, arguments.perception_port, arguments.rest_port
    )
    try:
        with console.status("starting") as status, local_stack(plan, status.update) as stack:
            console.print(f"REST {stack.rest_url} (documentation at /docs), gRPC {stack.perception_target}")
            status.update("serving; Ctrl-C stops both services")
            while all(process.poll() is None for process in (stack.perception, stack.llm)):
                time.sleep(0.5)
            console.print(f"[red]A service ended by itself;[/] its log lies in {arguments.logs}.")
            return 1
    except StackFailed as error:
        console.print(f"[red]{escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("Both services have stopped.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
