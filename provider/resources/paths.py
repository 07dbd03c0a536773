"""The URL paths that declarations write as templates: `{name}`, `{name:lower}`, `{name:base64url}`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# RFC 3986 section 2.3: what needs no percent-encoding.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def placeholders(template: str) -> list[str]:
    """Return the names that stand in a template."""
    return [name for _, name, _ in _parts(template) if name]


def fill(template: str, values: Mapping[str, object]) -> str:
    """Return the path, with each value percent-encoded whole, a `/` in it included."""
    return "".join(
        literal + (_encode(_shaped(str(values[name]), shape)) if name else "")
        for literal, name, shape in _parts(template)
    )


def split(template: str, text: str) -> dict[str, str] | None:
    """Return the values that make a template this text; None when none do."""
    values: dict[str, str] = {}
    parts = [*_parts(template)]
    for index, (literal, name, _) in enumerate(parts):
        if not text.startswith(literal):
            return None
        text = text[len(literal) :]
        if name:
            behind = parts[index + 1][0]
            value, _, _ = text.partition(behind) if behind else (text, "", "")
            if not value:
                return None
            values[name], text = value, text[len(value) :]
    return None if text else values


def _parts(template: str) -> Iterator[tuple[str, str, str]]:
    """Yield each literal with the name and shape of the placeholder behind it; both are empty at the end."""
    for piece in template.split("}"):
        literal, _, placeholder = piece.partition("{")
        name, _, shape = placeholder.partition(":")
        yield literal, name, shape


def _shaped(text: str, shape: str) -> str:
    if shape == "lower":
        return text.lower()
    if shape == "base64url":
        from binascii import b2a_base64  # noqa: PLC0415 - one lookup of one data source needs it

        return b2a_base64(text.encode(), newline=False).decode().translate({43: "-", 47: "_"})
    return text


def _encode(text: str) -> str:
    # A segment of dots alone would be resolved away (RFC 3986 section 5.2.4).
    plain = b"" if set(text) == {"."} else _UNRESERVED
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode())
