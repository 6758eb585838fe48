"""The islands of a mask: parts so far from each other that each could be a request of its own.

Parts that lie in each other's surroundings are one island: a request would show the one as it is while it
changes the other. Pure; it works on copies, in any thread.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size, united
from app.edits.plan import surroundings
from app.edits.types import Context
from app.imaging import blocks
from app.imaging.arrays import U8, Bool
from app.imaging.masks import bounds
from app.session.effective_mask import EffectiveMask

MOST_ISLANDS = 24
"""More are one piece of work: nobody means to pay for a request per speck."""
_LOOKED_AT = 2048
"""Parts are told apart in a copy no longer than this: what touches there is near enough to be one."""
_MOST_PARTS = 512
"""Groups before those that reach each other are joined."""

Labels = NDArray[np.int32]
Group = tuple[Rect, list[int]]
"""The bounds of some parts, and which they are."""
Boxes = NDArray[np.int64]
"""(n, 4): left, top, right, bottom in document pixels."""


def split_islands(
    mask: EffectiveMask, context: Context, cancel: CancelToken | None = None
) -> tuple[EffectiveMask, ...]:
    """The islands of `mask`, from the top and then from the left; itself where it is one.

    Empty when there are more than `MOST_ISLANDS`.

    Raises:
        Cancelled: the token was cancelled.
    """
    if context.whole or context.region is not None:
        return (mask,)
    # Cells of so many pixels a side are looked at as one.
    cell = max(1, math.ceil(max(mask.rect.width, mask.rect.height) / _LOOKED_AT))
    count, labels, stats = _parts(blocks.highest(mask.coverage, cell))
    if count <= 1:
        return (mask,)
    boxes = _boxes(stats, cell, mask.rect)
    groups = _joined(_grouped(boxes, mask.document, context, cancel), mask.document, context)
    if not 0 < len(groups) <= MOST_ISLANDS:
        return ()
    if len(groups) == 1:
        return (mask,)
    found = []
    for _, members in groups:
        if cancel is not None:
            cancel.check()
        found.append(_island(mask, labels, cell, members, boxes))
    return tuple(sorted(found, key=lambda island: (island.rect.y, island.rect.x)))


def _parts(coverage: U8) -> tuple[int, Labels, Labels]:
    """How many connected parts there are, which of them each pixel belongs to (from 1), and their boxes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (coverage > 0).astype(np.uint8), connectivity=8
    )
    return count - 1, labels.astype(np.int32, copy=False), stats[1:].astype(np.int32, copy=False)


def _boxes(stats: Labels, cell: int, rect: Rect) -> Boxes:
    left, top, width, height = (stats[:, index].astype(np.int64) * cell for index in range(4))
    edges = (
        rect.x + left,
        rect.y + top,
        rect.x + np.minimum(left + width, rect.width),
        rect.y + np.minimum(top + height, rect.height),
    )
    return np.stack(edges, axis=1)


def _grouped(boxes: Boxes, document: Size, context: Context, cancel: CancelToken | None) -> list[Group]:
    """Parts gathered around one after the other; empty when there are far too many."""
    free: Bool = np.ones(len(boxes), np.bool_)
    groups: list[Group] = []
    while free.any():
        if len(groups) == _MOST_PARTS:
            return []
        if cancel is not None:
            cancel.check()
        new = np.flatnonzero(free)[:1]
        whole, members = Rect(0, 0, 0, 0), []
        while new.size:
            free[new] = False
            members += new.tolist()
            found = boxes[new]
            left, top = found[:, :2].min(axis=0).tolist()
            right, bottom = found[:, 2:].max(axis=0).tolist()
            whole = whole.united(Rect.from_edges(left, top, right, bottom))
            around = surroundings(document, whole, context)
            meets = (boxes[:, 0] < around.right) & (boxes[:, 2] > around.x)
            meets &= (boxes[:, 1] < around.bottom) & (boxes[:, 3] > around.y)
            new = np.flatnonzero(free & meets)
        groups.append((whole, members))
    return groups


def _joined(groups: list[Group], document: Size, context: Context) -> list[Group]:
    """Groups that reach no other: a large one has wide surroundings, in which a small one may lie."""
    todo: list[Group] = list(groups)
    done: list[Group] = []
    while todo:
        whole, members = todo.pop()
        around = surroundings(document, whole, context)
        for index, (other, others) in enumerate(done):
            if around.intersects(other) or surroundings(document, other, context).intersects(whole):
                todo.append((united((whole, other)), members + others))
                del done[index]
                break
        else:
            done.append((whole, members))
    return done


def _island(
    mask: EffectiveMask, labels: Labels, cell: int, members: list[int], boxes: Boxes
) -> EffectiveMask:
    """The coverage of the parts `members` alone."""
    left, top = boxes[members, :2].min(axis=0).tolist()
    right, bottom = boxes[members, 2:].max(axis=0).tolist()
    outer = Rect.from_edges(left, top, right, bottom).intersected(mask.rect)
    inner = outer.relative_to(mask.rect)
    rows, columns = np.arange(inner.y, inner.bottom) // cell, np.arange(inner.x, inner.right) // cell
    is_member: Bool = np.zeros(len(boxes) + 1, np.bool_)
    is_member[np.asarray(members) + 1] = True
    mine = is_member[labels[np.ix_(rows, columns)]]
    own = np.where(mine, mask.coverage[inner.slices], np.uint8(0))
    tight = bounds(own)
    return replace(
        mask,
        rect=tight.translated(outer.x, outer.y),
        coverage=np.ascontiguousarray(own[tight.slices]),
    )
