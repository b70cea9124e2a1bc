"""The one error for input that is wrong in a way the sender can mend."""

INVALID_FIELD_METADATA = "waymend-invalid-field-bin"
"""Trailing gRPC metadata key of a serialised InvalidField; part of the wire contract."""

_LONGEST_GIVEN = 200


class InvalidField(ValueError):
    """A field of some input is wrong.

    Attributes:
        field: Path of the field, such as `frame.lidar.points.shape`.
        expected: What would have been right.
        given: What was given, shortened to 200 characters.
    """

    def __init__(self, field: str, expected: str, given: object) -> None:
        self.field = field
        self.expected = expected
        text = str(given)
        self.given = text if len(text) <= _LONGEST_GIVEN else text[: _LONGEST_GIVEN - 3] + "..."
        super().__init__(f"{field}: expected {expected}, given {self.given}")

    def __reduce__(self) -> tuple[type["InvalidField"], tuple[str, str, str]]:
        """An error crosses from a worker process to its parent as its three parts."""
        return InvalidField, (self.field, self.expected, self.given)

    def within(self, parent: str) -> "InvalidField":
        """The same error with its path placed under `parent`."""
        return InvalidField(f"{parent}.{self.field}", self.expected, self.given)
