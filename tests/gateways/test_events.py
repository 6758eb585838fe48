"""Server-sent events by the rules of their standard, however the network cuts the bytes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.events import Event, EventParser, begins_like_events, events_in, is_event_stream

STREAM = (
    '\ufeff: a comment\n\nevent: image_edit.partial_image\nid: 7\nretry: 10\ndata: {"a":\ndata:  1}\n\n'
    "data:no space\n\nevent: alone\n\ndata\n\n:x\nnonsense\ndata: last ä\nevent: end\n\n"
).encode()
EVENTS = [
    Event("image_edit.partial_image", b'{"a":\n 1}'),
    Event("", b"no space"),
    Event("", b""),
    Event("end", "last ä".encode()),
]


def parsed(pieces: list[bytes]) -> list[Event]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)] + parser.finish()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_comments_fields_and_every_kind_of_line_end(end: bytes) -> None:
    body = STREAM.replace(b"\n", end)
    assert list(events_in(body)) == EVENTS
    assert parsed([body[i : i + 1] for i in range(len(body))]) == EVENTS


@given(
    st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=30, max_size=30),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_events_are_the_same_wherever_the_packets_end(ends: list[bytes], cuts: list[int]) -> None:
    lines = STREAM.split(b"\n")
    body = b"".join(line + end for line, end in zip(lines, ends, strict=False))
    places = sorted({0, *(min(cut, len(body)) for cut in cuts), len(body)})
    pieces = [body[a:b] for a, b in itertools.pairwise(places)]
    whole = parsed([body])
    assert parsed(pieces) == whole
    assert whole == EVENTS


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_give_the_same_however_they_are_cut(body: bytes, cuts: list[int]) -> None:
    places = sorted({0, *(min(cut, len(body)) for cut in cuts), len(body)})
    pieces = [body[a:b] for a, b in itertools.pairwise(places)]
    assert parsed(pieces) == parsed([body]) == list(events_in(body))


def test_the_last_event_counts_without_its_empty_line() -> None:
    for tail in (b"", b"\n", b"\r", b"\r\n", b"\n\n"):
        assert list(events_in(b"data: 1\n\ndata: 2" + tail)) == [Event("", b"1"), Event("", b"2")]


@pytest.mark.parametrize(
    ("content_type", "is_stream"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json", False),
        ("text/event-streams", False),
        ("", False),
    ],
)
def test_the_content_type_tells_a_stream(content_type: str, is_stream: bool) -> None:
    assert is_event_stream(content_type) is is_stream


@pytest.mark.parametrize(
    ("body", "is_stream"),
    [
        (b"data: {}", True),
        (b"\xef\xbb\xbfevent: x", True),
        (b": comment", True),
        (b"\n\nid: 3", True),
        (b'{"data": 1}', False),
        (b"<html>", False),
        (b"", False),
        (b"database: 1", False),
    ],
)
def test_a_body_without_a_type_is_looked_at(body: bytes, is_stream: bool) -> None:
    assert begins_like_events(body) is is_stream
