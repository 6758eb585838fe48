"""Server-sent events out of a stream of bytes, by the rules of the WHATWG, however the bytes are cut.

Only the form is known here; what an event means is a matter of `decode`. Two things are lenient: the last
event counts without the empty line behind it, since proxies lose that, and bytes that are no UTF-8 are left
to the reader.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MEDIA_TYPE = "text/event-stream"
SLICE = 1 << 16
MOST_LINES = 500_000
"""Of one stream; no reply has nearly as many, and each takes some time whatever its length."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"\s*(?:data|event|id|retry)?:")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, empty where it has none, and its data lines joined by line feeds."""

    name: str
    data: bytes = field(repr=False)


class EventParser:
    """Takes bytes as they come and gives the events that are complete by then."""

    def __init__(self) -> None:
        self.lines = 0
        """How many have ended so far."""
        self._start: bytes | None = b""
        """The first bytes until it is clear whether they are a byte order mark; then None."""
        self._after_return = False
        self._line: list[bytes] = []
        """Pieces of the line that has not ended."""
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes, in order."""
        if self._start is not None:
            chunk = self._start + chunk
            if len(chunk) < len(codecs.BOM_UTF8) and codecs.BOM_UTF8.startswith(chunk):
                self._start = chunk
                return []
            self._start = None
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        elif not chunk:
            return []
        self._after_return = chunk.endswith(b"\r")
        *ends, rest = _LINE_END.split(chunk)
        self.lines += len(ends)
        events: list[Event] = []
        for end in ends:
            event = self._take(b"".join((*self._line, end)))
            self._line.clear()
            if event is not None:
                events.append(event)
        if rest:
            self._line.append(rest)
        return events

    def finish(self) -> list[Event]:
        """The event that the end of the stream cut short of its empty line, if there is one."""
        return self.feed(b"\n\n")

    def _take(self, line: bytes) -> Event | None:
        """Take up one line without its end; an empty one completes an event."""
        if not line:
            event = Event(self._name, b"\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        name, _colon, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        return None


def events_in(body: bytes) -> Iterator[Event]:
    """The events of a whole body, as far as its first `MOST_LINES` lines go."""
    parser = EventParser()
    for start in range(0, len(body), SLICE):
        yield from parser.feed(body[start : start + SLICE])
        if parser.lines > MOST_LINES:
            return
    yield from parser.finish()


def is_event_stream(content_type: str) -> bool:
    """Whether a Content-Type says that events follow."""
    return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


def begins_like_events(body: bytes) -> bool:
    """Whether a body of which nothing is known starts with a line of an event or a comment."""
    return _FIELD.match(body.removeprefix(codecs.BOM_UTF8)[:SLICE]) is not None
