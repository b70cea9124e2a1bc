"""A drive's time as nuScenes' time."""

import hashlib
from datetime import UTC, datetime

from training.data.drives.drive import Drive

_FIRST_HOUR, _HOURS = 8, 10


def timestamp_us(drive: Drive, time_s: float) -> int:
    """Microseconds since the Unix epoch.

    Sources tell the day, not the hour: a drive begins between 8 and 18 o'clock UTC, at a time that follows from its
    name, so that no two begin together (nuscenes-devkit lists scenes by their first timestamp and fails on equal ones).
    """
    day_s = round(datetime.fromisoformat(drive.date).replace(tzinfo=UTC, hour=_FIRST_HOUR).timestamp())
    digest = hashlib.sha256(drive.name.encode()).digest()
    offset_us = int.from_bytes(digest[:8], "little") % (_HOURS * 3_600_000_000)
    return day_s * 1_000_000 + offset_us + round(time_s * 1e6)
