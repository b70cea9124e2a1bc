"""Services that cannot answer; one that does is in `tests/training/exporting/test_both_services.py`."""

import pytest

from training.chatting.answerer import AnswerFailed
from training.chatting.remote_answerer import remote_answerer


def test_a_service_that_is_not_there_is_an_error_with_its_address():
    with pytest.raises(AnswerFailed, match=r"127\.0\.0\.1:9"), remote_answerer("http://127.0.0.1:9"):
        pass
