"""Selections in a thread: in turn, cancelled, late; and the mask that was painted meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest

from app.base.errors import InputError
from app.base.geometry import EMPTY, Rect, Size
from app.base.notices import Level, Notice, Notices
from app.base.work import Work
from app.document.document import Document
from app.document.selection import Selection
from app.document.shapes import Combine, Shape
from app.session.selecting import Selecting
from tests.document.making import document


class Made(Selection):
    """Found only when it is let go."""

    def __init__(
        self,
        name: str,
        rect: Rect,
        how: Combine = Combine.ADD,
        *,
        newer: bool = False,
        error: Exception | None = None,
    ) -> None:
        super().__init__(name, self._find, how)
        self.rect, self.newer, self.error = rect, newer, error
        self.begun, self.go, self.dropped = threading.Event(), threading.Event(), 0
        self.on_thread: int | None = None

    def _find(self, work: Work) -> Shape:
        self.on_thread = threading.get_ident()
        self.begun.set()
        share = 0.0
        while not self.go.wait(0.005):
            share = min(0.9, share + 0.1)
            work.step(share)
        if self.error is not None:
            raise self.error
        return Shape(self.rect)

    def replaces(self, other: Selection) -> bool:
        return self.newer

    def drop(self) -> None:
        self.dropped += 1


@pytest.fixture
def doc() -> Document:
    return document(Size(300, 200))


@pytest.fixture
async def selecting(doc: Document, told: list[Notice]) -> AsyncIterator[Selecting]:
    notices = Notices()
    notices.subscribe(told.append)
    made = Selecting(doc, notices)
    yield made
    await made.aclose()


async def until(condition) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never happened")


def covered(doc: Document, *rects: Rect) -> bool:
    plane = np.zeros((200, 300), np.uint8)
    for rect in rects:
        plane[rect.slices] = 255
    return np.array_equal(doc.mask.coverage, plane)


A, B = Rect(10, 10, 30, 30), Rect(100, 50, 20, 20)


async def test_it_is_found_in_a_thread_and_put_as_one_step(doc: Document, selecting: Selecting) -> None:
    shares: list[float] = []
    selecting.changed.connect(lambda: shares.append(selecting.progress))
    order = Made("Wand", A)
    selecting.order(order)
    assert selecting.title == "Wand"
    await until(lambda: len(shares) > 3)
    assert covered(doc)
    order.go.set()
    await until(lambda: not selecting.title)
    assert covered(doc, A)
    assert [step.title for step in doc.undo.steps] == ["Wand"]
    assert order.on_thread != threading.get_ident()
    assert order.dropped == 0
    assert max(shares) > 0


async def test_what_is_painted_meanwhile_stays(doc: Document, selecting: Selecting) -> None:
    order = Made("Wand", A, Combine.SUBTRACT)
    selecting.order(order)
    doc.fill_mask()
    order.go.set()
    await until(lambda: not selecting.title)
    assert doc.mask.coverage[150, 150] == 255
    assert not doc.mask.coverage[A.slices].any()
    doc.undo.undo()
    assert covered(doc, doc.size.rect)


async def test_while_something_is_drawn_it_waits(doc: Document, selecting: Selecting) -> None:
    order = Made("Wand", A)
    order.go.set()
    with doc.edit_mask("Stroke") as edit:
        selecting.order(order)
        await until(order.begun.is_set)
        await asyncio.sleep(0.05)
        edit.view(B)[...] = 255
        edit.mark(B)
    await until(lambda: not selecting.title)
    assert covered(doc, A, B)
    assert [step.title for step in doc.undo.steps] == ["Stroke", "Wand"]


async def test_orders_are_found_in_turn_and_none_is_lost(doc: Document, selecting: Selecting) -> None:
    first, second = Made("One", A), Made("Two", B)
    selecting.order(first)
    selecting.order(second)
    await until(first.begun.is_set)
    second.go.set()
    await asyncio.sleep(0.03)
    assert not second.begun.is_set()
    first.go.set()
    await until(lambda: not selecting.title)
    assert covered(doc, A, B)
    assert len(doc.undo.steps) == 2


async def test_what_knows_more_replaces_what_runs_and_waits(doc: Document, selecting: Selecting) -> None:
    orders = [Made("One", A), Made("Two", A), Made("Three", B, newer=True)]
    for order in orders:
        selecting.order(order)
    orders[2].go.set()
    await until(lambda: not selecting.title)
    assert covered(doc, B)
    assert [order.dropped for order in orders] == [1, 1, 0]
    assert not orders[1].begun.is_set()


async def test_cancelling_leaves_the_mask_alone(doc: Document, selecting: Selecting) -> None:
    first, second = Made("One", A), Made("Two", B)
    selecting.order(first)
    selecting.order(second)
    await until(first.begun.is_set)
    assert selecting.cancel()
    await until(lambda: not selecting.title)
    assert covered(doc)
    assert not doc.undo.steps
    assert (first.dropped, second.dropped) == (1, 1)
    assert not selecting.cancel()
    again = Made("Again", B)
    again.go.set()
    selecting.order(again)
    await until(lambda: not selecting.title)
    assert covered(doc, B)


async def test_closing_ends_what_waits_for_a_stroke(doc: Document, selecting: Selecting) -> None:
    order = Made("Wand", A)
    order.go.set()
    with doc.edit_mask("Stroke"):
        selecting.order(order)
        await until(order.begun.is_set)
        await asyncio.sleep(0.03)
        await asyncio.wait_for(selecting.aclose(), 10)
    assert covered(doc)


async def test_nothing_found_and_faults_are_told(
    doc: Document, selecting: Selecting, told: list[Notice]
) -> None:
    doc.fill_mask()
    nothing = Made("Wand", EMPTY, Combine.INTERSECT)
    fault = Made("Wand", A, error=InputError("That cannot be.", "Do this."))
    for order in (nothing, fault):
        order.go.set()
        selecting.order(order)
    await until(lambda: not selecting.title)
    assert covered(doc, doc.size.rect)
    assert [notice.level for notice in told] == [Level.INFO, Level.ERROR]
    assert (fault.dropped, told[1].text) == (1, "That cannot be.")
