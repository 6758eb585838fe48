"""Any entry that can be made comes back equal."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Rect, Size
from app.base.states import JobState
from app.history.store import HistoryStore
from app.history.types import HistoryEntry, HistoryResult, Value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WHOLE = st.integers(0, 2**40)
SIZES = st.builds(Size, WHOLE, WHOLE)
RECTS = st.builds(Rect, st.integers(-(2**40), 2**40), WHOLE, WHOLE, WHOLE)
REALS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.dictionaries(TEXT, TEXT | st.integers(-(2**80), 2**80) | REALS | st.booleans(), max_size=4)


@pytest.fixture(scope="module")
def wide_store() -> Iterator[HistoryStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = HistoryStore(Path(folder))
        store.open()
        yield store
        store.close()


@given(
    parents=st.lists(TEXT, max_size=3),
    rects=st.tuples(RECTS, RECTS),
    size=SIZES,
    texts=st.tuples(TEXT, TEXT, TEXT, TEXT),
    values=st.tuples(VALUES, VALUES, VALUES),
    state=st.sampled_from(JobState),
    seeds=st.lists(st.none() | st.integers(-(2**63), 2**64 - 1), max_size=3),
    figures=st.tuples(st.none() | REALS, st.none() | TEXT, st.none() | WHOLE, st.booleans(), st.booleans()),
)
@settings(max_examples=40)
def test_what_is_written_is_read(
    wide_store: HistoryStore,
    parents: list[str],
    rects: tuple[Rect, Rect],
    size: Size,
    texts: tuple[str, str, str, str],
    values: tuple[dict[str, Value], dict[str, Value], dict[str, Value]],
    state: JobState,
    seeds: list[int | None],
    figures: tuple[float | None, str | None, int | None, bool, bool],
) -> None:
    store = wide_store
    real, text, whole, yes, no = figures
    id = store.new_id()
    entry = HistoryEntry(
        id=id,
        state=state,
        created=store.now(),
        document_id=texts[0],
        document_name=texts[1],
        source_sha256=store.put_file(b"source"),
        parents=tuple(parents),
        region=rects[0],
        size_send=size,
        content_send=rects[1],
        picture_sha256=store.put_file(b"picture"),
        mask_sha256=store.put_file(b"mask"),
        has_mask=yes,
        prompt=texts[2],
        provider=texts[3],
        model=texts[0],
        n=len(seeds),
        parameters=values[0],
        extras=values[1],
        form=values[2],
        request_id=text,
        seconds=real,
        error_code=text,
        error_message=text,
        error_hint=text,
        recipe={"values": [values[0], real]},
        usage=None if text is None else {text: real},
        note=text,
        tags=tuple(sorted(set(parents), key=lambda tag: tag.encode())),
        deleted=text,
    )
    results = tuple(
        HistoryResult(
            id=store.new_id(),
            entry_id=id,
            index=index,
            received_sha256=store.put_file(b"image"),
            width=size.width,
            height=size.height,
            media_type=texts[1],
            revised_prompt=text,
            seed=seed,
            outside_changed_pixels=whole,
            leak=real,
            cost_amount=real,
            cost_currency=text,
            cost_estimated=no,
            applied=yes,
            starred=no,
        )
        for index, seed in enumerate(seeds)
    )
    store.add(replace(entry, results=results[:1]))
    for result in results[1:]:
        store.add_result(result)
    assert store.get(id) == replace(entry, results=results)
