"""Durations as Terraform's providers write them (Go's `time.ParseDuration`): `30s`, `10m`, `1h30m`, `1.5h`, `500ms`."""

from __future__ import annotations

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float | None:
    """Return the seconds of a positive duration, or None when it is none."""
    total, rest = 0.0, text
    while rest:
        number = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        rest = rest[len(number) :]
        unit = next((unit for unit in _UNITS if rest.startswith(unit)), "")
        if not unit or not number.strip(".") or number.count(".") > 1:
            return None
        total += float(number) * _UNITS[unit]
        rest = rest[len(unit) :]
    return total or None
