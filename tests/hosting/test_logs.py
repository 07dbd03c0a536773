import json
import logging
from typing import Any

import pytest

from hosting.logs import JsonFormatter


def formatted(error: BaseException | None = None, **fields: object) -> Any:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("personalization", logging.ERROR, __file__, 1, "a request failed", (), info)
    vars(record).update(fields)
    return json.loads(JsonFormatter().format(record))


def test_a_line_says_when_who_and_what_with_its_fields() -> None:
    line = formatted(route="/healthz")
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "error",
        "logger": "personalization",
        "message": "a request failed",
        "route": "/healthz",
    }


def test_of_an_exception_its_type_and_places_are_kept_and_not_its_text() -> None:
    with pytest.raises(ValueError, match="Ana") as raised:
        int("Ana Silva")
    line = formatted(raised.value)
    assert line["error"] == "ValueError"
    assert line["frames"]
    assert "Ana" not in json.dumps(line)
