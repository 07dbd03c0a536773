"""What a server answers: responses of HTTP/1.1, read from bytes as they come.

Source: RFC 9112.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Final

_LONGEST_HEAD: Final = 1 << 16
_LONGEST_BODY: Final = 1 << 28
_MOST_DIGITS: Final = 9
_BODILESS: Final = (204, 304)
_FIRST_FINAL: Final = 200


class Broken(Exception):  # noqa: N818 - the name says what happened
    """No answer came.

    Args:
        why: what happened, as a part of a sentence; empty when the time was over.
        passing: whether another connection may fare better.

    Attributes:
        sent: whether the request may have been carried out.
    """

    def __init__(self, why: str, *, passing: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.passing = passing
        self.sent = False


class Response:
    """A response.

    Attributes:
        status: the HTTP status.
        phrase: what stands behind it in the status line.
        headers: the fields by name in lower case; the values of one that is repeated are joined by a comma.
        body: without its coding for the transfer.
    """

    __slots__ = ("body", "headers", "phrase", "status")

    def __init__(self, status: int, phrase: str, headers: dict[str, str]) -> None:
        self.status = status
        self.phrase = phrase
        self.headers = headers
        self.body = b""


class Reader:
    """Reads one response after the other.

    Args:
        receive: returns the next bytes, and none when there will be no more.

    Raises:
        Broken: what comes is no response, or ends too early.
    """

    __slots__ = ("_receive", "_received")

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._received = b""

    @property
    def is_behind(self) -> bool:
        """Whether more has come than was read."""
        return bool(self._received)

    def response(self) -> Response:
        """Read a whole response, past those that only announce it."""
        while True:
            response = self.head()
            if response.status >= _FIRST_FINAL:
                break
        coding = response.headers.get("transfer-encoding", "").lower()
        length = response.headers.get("content-length")
        if response.status in _BODILESS:
            return response
        if coding:
            if coding != "chunked":
                raise _garbled("an unknown Transfer-Encoding")
            response.body = b"".join(self._chunks())
        elif length is not None:
            if not (length.isascii() and length.isdecimal() and len(length) <= _MOST_DIGITS):
                raise _garbled("a Content-Length that is none")
            response.body = self._exactly(_size(int(length)))
        else:
            response.body = self._rest()
            response.headers["connection"] = "close"
        return response

    def head(self) -> Response:
        """Read status line and fields."""
        version, _, rest = self._line().partition(" ")
        status, _, phrase = rest.partition(" ")
        if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdecimal() and len(status) == 3):  # noqa: PLR2004 - RFC 9112, section 4
            raise _garbled("something that is not HTTP/1.1")
        headers = self._fields()
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        return Response(int(status), phrase.strip(), headers)

    def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        size = 0
        while line := self._line():
            size += len(line)
            name, colon, value = line.partition(":")
            if not colon or size > _LONGEST_HEAD:
                raise _garbled("a head that is not HTTP's")
            name, value = name.lower(), value.strip()
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        return fields

    def _chunks(self) -> Iterator[bytes]:
        """Read a body in chunks (RFC 9112, section 7.1), and what follows it."""
        total = 0
        while True:
            digits = self._line().partition(";")[0].strip()
            try:
                # `int` would read a sign and an underscore too.
                size = int(digits if digits.isalnum() else "", 16)
            except ValueError:
                raise _garbled("a chunk without a size") from None
            if size == 0:
                break
            total = _size(total + size)
            yield self._exactly(size)
            if self._line():
                raise _garbled("a chunk that does not end")
        while self._line():
            pass

    def _line(self) -> str:
        while b"\n" not in self._received:
            if len(self._received) > _LONGEST_HEAD:
                raise _garbled("a line without an end")
            self._more()
        line, _, self._received = self._received.partition(b"\n")
        return line.removesuffix(b"\r").decode("latin-1")

    def _exactly(self, size: int) -> bytes:
        pieces = [self._received]
        missing = size - len(self._received)
        while missing > 0:
            self._received = b""
            self._more()
            pieces.append(self._received)
            missing -= len(self._received)
        whole = b"".join(pieces)
        self._received = whole[size:]
        return whole[:size]

    def _rest(self) -> bytes:
        """Read what comes until the connection ends."""
        pieces = [self._received]
        total = len(self._received)
        while data := self._receive():
            pieces.append(data)
            total = _size(total + len(data))
        self._received = b""
        return b"".join(pieces)

    def _more(self) -> None:
        data = self._receive()
        if not data:
            raise Broken("it closed the connection before its answer was whole")
        self._received += data


def _size(size: int) -> int:
    if size > _LONGEST_BODY:
        raise _garbled(f"more than {_LONGEST_BODY >> 20} MiB")
    return size


def _garbled(what: str) -> Broken:
    return Broken(f"it answered {what}")
