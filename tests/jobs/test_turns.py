"""The waiting line: first come first served within a document, in turn between documents."""

import itertools
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from app.jobs.turns import Turns


def drain(turns: Turns) -> list[str]:
    taken = []
    while (id := turns.take()) is not None:
        taken.append(id)
    return taken


def test_documents_take_turns() -> None:
    turns = Turns()
    for document, count in (("a", 4), ("b", 1), ("c", 2)):
        for number in range(count):
            turns.add(document, f"{document}{number}")
    assert drain(turns) == ["a0", "b0", "c0", "a1", "c1", "a2", "a3"]
    assert len(turns) == 0


def test_whoever_leaves_the_line_is_not_called() -> None:
    turns = Turns()
    for id in ("a0", "a1", "a2"):
        turns.add("a", id)
    assert turns.remove("a", "a1")
    assert not turns.remove("a", "a1")
    assert not turns.remove("z", "a0")
    assert drain(turns) == ["a0", "a2"]


def test_the_front_goes_before_everybody_and_the_back_behind() -> None:
    turns = Turns()
    for id in ("a0", "a1", "a2", "b0", "b1"):
        turns.add(id[0], id)
    assert turns.to_back("a", "a0")
    assert turns.to_front("b", "b1")
    assert turns.to_front("a", "a2")
    assert not turns.to_front("a", "z")
    turns.add("c", "c0")
    assert turns.order() == ("a2", "b1", "a1", "b0", "c0", "a0")
    assert turns.remove("a", "a0")
    assert drain(turns) == ["a2", "b1", "a1", "b0", "c0"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(("add", "front", "back", "take"))), max_size=40
    )
)
def test_the_order_that_is_told_is_the_order_that_is_taken(steps: list[tuple[str, str]]) -> None:
    turns, waiting = Turns(), list[tuple[str, str]]()
    for number, (document, what) in enumerate(steps):
        own = [id for of, id in waiting if of == document]
        if what == "add" or not own:
            turns.add(document, str(number))
            waiting.append((document, str(number)))
        elif what == "take":
            told = turns.order()
            assert turns.take() == told[0]
            assert turns.order() == told[1:]
            waiting = [(of, id) for of, id in waiting if id != told[0]]
        else:
            id = own[number % len(own)]
            assert turns.to_front(document, id) if what == "front" else turns.to_back(document, id)
            assert turns.order()[0 if what == "front" else -1] == id
    order = turns.order()
    assert sorted(order) == sorted(id for _, id in waiting)
    assert len(turns) == len(order)
    assert tuple(drain(turns)) == order


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40))
def test_nobody_is_lost_or_overtaken(steps: list[tuple[str, bool]]) -> None:
    turns, waiting = Turns(), defaultdict[str, list[str]](list)
    for number, (document, takes) in enumerate(steps):
        if takes:
            id = turns.take()
            lines = [line for line in waiting.values() if line]
            assert (id is None) == (not lines)
            if id is not None:
                assert id == waiting[id[0]].pop(0)
        else:
            id = f"{document}{number}"
            turns.add(document, id)
            waiting[document].append(id)
        assert len(turns) == sum(map(len, waiting.values()))
    rest = drain(turns)
    assert sorted(rest) == sorted(id for line in waiting.values() for id in line)
    # Between two turns of one document every other that still waits has had one.
    for document in waiting:
        places = [place for place, id in enumerate(rest) if id[0] == document]
        for first, second in itertools.pairwise(places):
            between = [id[0] for id in rest[first + 1 : second]]
            assert len(between) == len(set(between))
