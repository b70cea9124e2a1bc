"""What a scenario file says about one object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.scenarionet.record import Record
from waymend.errors import InvalidField

_VALID = 0.5
"""`valid` is a bool or a number 0 or 1, depending on the source."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTrack:
    """The steps of one object, in the source's frame.

    Attributes:
        kind: MetaDrive's type, such as `VEHICLE`.
        source_kind: The source's own type, such as `vehicle.car`; for most sources the same as `kind`.
        positions_m: float64 [T, 3]; z is 0 where the source has none.
        yaws_rad: float64 [T], counter-clockwise from the x axis.
        valid: bool [T], some True; elsewhere positions and yaws are NaN.
        size_lwh_m: Median over the valid steps.
    """

    kind: str
    source_kind: str
    positions_m: NDArray[np.float64]
    yaws_rad: NDArray[np.float64]
    valid: NDArray[np.bool_]
    size_lwh_m: tuple[float, float, float]


def read_track(track: Record, steps: int) -> ObjectTrack | None:
    """Reads one object; None where it is never valid.

    Raises:
        InvalidField: A field is missing, has another shape than `steps` asks for, or is not finite at a valid step;
            or the object has no size.
    """
    state = track.record("state")
    valid = _column(state, "valid", steps) > _VALID
    if not valid.any():
        return None
    positions = _positions(state, steps)
    yaws = _column(state, "heading", steps)
    _require_finite(state, "position", positions, valid)
    _require_finite(state, "heading", yaws[:, None], valid)
    kind = track.text("type")
    return ObjectTrack(
        kind=kind,
        source_kind=(track.record("metadata").optional_text("type") if "metadata" in track else None) or kind,
        positions_m=np.where(valid[:, None], positions, np.nan),
        yaws_rad=np.where(valid, yaws, np.nan),
        valid=valid,
        size_lwh_m=_size_lwh_m(state, valid),
    )


def _column(state: Record, key: str, steps: int) -> NDArray[np.float64]:
    """One number per step, [T] or [T, 1], as [T]."""
    numbers = state.numbers(key)
    if numbers.shape not in ((steps,), (steps, 1)):
        raise InvalidField(f"{state.path}.{key}", f"shape [{steps}]", f"shape {list(numbers.shape)}")
    return numbers.reshape(steps)


def _positions(state: Record, steps: int) -> NDArray[np.float64]:
    positions = state.numbers("position")
    if positions.shape not in ((steps, 2), (steps, 3)):
        raise InvalidField(
            f"{state.path}.position", f"shape [{steps}, 3] or [{steps}, 2]", f"shape {list(positions.shape)}"
        )
    return positions if positions.shape[1] == 3 else np.pad(positions, ((0, 0), (0, 1)))


def _size_lwh_m(state: Record, valid: NDArray[np.bool_]) -> tuple[float, float, float]:
    """From `size` [T, 3], as early versions have it, or from a column for each extent."""
    if "size" in state:
        sizes = state.numbers("size")
        if sizes.shape != (len(valid), 3):
            raise InvalidField(f"{state.path}.size", f"shape [{len(valid)}, 3]", f"shape {list(sizes.shape)}")
        key = "size"
    else:
        columns = [_column(state, extent, len(valid)) for extent in ("length", "width", "height")]
        sizes, key = np.stack(columns, axis=1), "length, width, height"
    _require_finite(state, key, sizes, valid)
    length, width, height = np.median(sizes[valid], axis=0).tolist()
    if min(length, width, height) <= 0:
        raise InvalidField(f"{state.path}.{key}", "more than 0 m", [length, width, height])
    return length, width, height


def _require_finite(state: Record, key: str, values: NDArray[np.float64], valid: NDArray[np.bool_]) -> None:
    wrong = valid & ~np.isfinite(values).all(axis=1)
    if wrong.any():
        step = int(np.argmax(wrong))
        given = f"{values[step].tolist()} at step {step}"
        raise InvalidField(f"{state.path}.{key}", "finite numbers at every valid step", given)
