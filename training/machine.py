"""What a run's record says of the machine."""

import platform
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")


def processors() -> list[str]:
    """The name of each processor core; of the processor alone where the system lists none."""
    lines = _CPU_INFO.read_text(encoding="utf-8").splitlines() if _CPU_INFO.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names or [platform.processor()]
