"""`python -m demo`: corrects trajectories on the built-in drive, or on a frame directory of yours."""

import argparse
import signal
import sys
from pathlib import Path


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # Heavy imports wait until here, so that Ctrl-C during them is understood too.
        from demo.corrections import correct_trajectories

        return correct_trajectories(**vars(arguments))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("Stopped; both services are down.")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--frame", type=Path, help="a frame directory; the built-in drive where absent")
    parser.add_argument("--speed-mps", type=float, help="ego speed, where frame.json has no ego state")
    parser.add_argument("--bundle", type=Path, default=Path("bundles/default"))
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
