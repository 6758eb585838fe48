"""JSON as providers write it, which is not always as the standard has it."""

from __future__ import annotations

import codecs
import json

import msgspec

MOST_VALUES = 1_000_000
"""A reply is a few fields with long texts; one of millions of values would fill the memory many times over."""


def parse_json(body: bytes) -> object:
    """The content of `body`.

    A number too large for 64 bits, half of a surrogate pair, NaN or another encoding of Unicode must not cost
    a picture that was paid for: what the fast parser refuses, the lenient one of the library tries.

    Raises:
        ValueError: it is no JSON, or holds far more values than any reply has.
        RecursionError: it is nested too deeply.
    """
    if sum(map(body.count, (b"[", b"{", b","))) > MOST_VALUES:
        raise ValueError("too many values")
    try:
        content: object = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError):
        content = json.loads(body)
    return content
