"""The error that crosses processes and services."""

import pickle

from waymend.errors import InvalidField


def test_an_error_arrives_from_another_process_as_it_was():
    error = InvalidField("frame.lidar", "points", "x" * 500)
    arrived = pickle.loads(pickle.dumps(error))
    assert (arrived.field, arrived.expected, arrived.given) == (error.field, error.expected, error.given)
    assert str(arrived) == str(error)
