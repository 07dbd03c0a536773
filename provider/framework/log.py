"""What the provider writes to Terraform's log: one JSON object a line on stderr, as go-plugin reads it."""

from __future__ import annotations

import json
import sys
import time
import traceback


def log_exception(message: str, error: BaseException) -> None:
    """Log an error with the places it came through; its own text stays out, as it may hold a secret."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    line = {
        "@level": "error",
        "@message": message,
        "@module": "provider",
        "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
        "error": type(error).__name__,
        "traceback": places,
    }
    sys.stderr.write(json.dumps(line) + "\n")
