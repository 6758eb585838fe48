"""Reading a multipart/form-data body that is already there, in slices and off the event loop.

A form parser that runs on the loop would stop it for as long as tens of megabytes take.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.base.text import tr
from app.server.errors import Rejected

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

SLICE = 256 << 10


@dataclass(slots=True)
class Part:
    """One field of a form: text without a file name, a file with one."""

    name: str
    filename: str | None
    data: bytes = field(repr=False)


def parse_form(body: bytes, boundary: bytes) -> tuple[Part, ...]:
    """The parts of `body`, which `boundary` divides. Takes a while for large bodies: call it in a thread.

    Raises:
        Rejected: it is no well-formed form.
    """
    collector = _Collector()
    try:
        parser = MultipartParser(boundary, collector.callbacks())
        view = memoryview(body)
        for start in range(0, len(body), SLICE):
            parser.write(bytes(view[start : start + SLICE]))
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as error:
        raise Rejected(tr("The form is damaged: {reason}.", reason=error), code="invalid_form") from error
    if not collector.ended:
        raise Rejected(tr("The form is cut off."), code="invalid_form")
    return tuple(collector.parts)


class _Collector:
    """Gathers what the parser reports into parts."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name = b""
        self._value = b""
        self._disposition = b""
        self._pieces: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._pieces = []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise Rejected(tr("The form has a part without a name."), code="invalid_form")
        filename = options.get(b"filename")
        self.parts.append(
            Part(
                options[b"name"].decode("utf-8"),
                None if filename is None else filename.decode("utf-8", "replace"),
                b"".join(self._pieces),
            )
        )

    def _finish(self) -> None:
        self.ended = True
