"""Logs as JSON lines on stderr, without anything personal.

Messages are fixed sentences; what a line says beyond its sentence stands in fields. Of an exception the type and the
places are kept. Its text is not, since it may hold what a caller sent.
"""

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"chatter": {"()": "hosting.logs.Chatter"}},
    "formatters": {"json": {"()": "hosting.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "loggers": {
        "_granian": {"handlers": ["stderr"], "filters": ["chatter"], "level": "INFO", "propagate": False},
        "granian.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
}


_CHATTER = ("Configuration allows spawning up to ", "Granian shutdown completed, see ya!")


class Chatter(logging.Filter):
    """Drops what granian says that tells nobody anything: the number of threads is chosen, and the end is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is kept."""
        return not record.getMessage().startswith(_CHATTER)


class JsonFormatter(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            line["frames"] = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        return orjson.dumps(line, default=str).decode()
