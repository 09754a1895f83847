"""What a log line holds."""

import msgspec
import pytest

from dcms.logs import as_json, name_the_error


def test_a_line_is_json_whatever_is_in_it() -> None:
    event = {"event": "request", "path": b"\xff", "size": 2**70, "share": float("nan"), "what": object}

    line = msgspec.json.decode(as_json(None, "info", event))

    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")
    assert line["size"] == 2**70


@pytest.mark.parametrize("is_given", [True, False], ids=["given", "the current one"])
def test_an_error_is_named_without_its_message(is_given: bool) -> None:
    try:
        raise ValueError("Anna Weber")
    except ValueError as error:
        event = name_the_error(None, "error", {"event": "bug", "exc_info": error if is_given else True})

    assert event["error"] == "ValueError"
    assert "test_logs.py" in event["at"][-1]
    assert "Anna" not in repr(event)
