"""JSON as providers write it, which is not always as the standard has it."""

from __future__ import annotations

import codecs
import json

import msgspec


def parse_json(body: bytes) -> object:
    """The content of `body`.

    A number too large for 64 bits, half of a surrogate pair, NaN or another encoding of Unicode must not cost
    a picture that was paid for: what the fast parser refuses, the lenient one of the library tries.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        content: object = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError):
        content = json.loads(body)
    return content
