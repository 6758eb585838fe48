"""What is like a colour and hangs together with a place, found where it may reach and no farther. Pure.

A flood walks from pixel to pixel, which is slow, and looks at a picture four times as large as its find. What the
cells of the picture range between tells first where it may get to, and which cells are wholly alike, so that only the
others are read. And of what is wholly alike, block by block, only the rim is walked along. What is found is the same
to the bit: a block that is alike hangs together in itself and with the one beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from app.base.geometry import EMPTY, Rect, Size, united
from app.base.work import Work
from app.imaging import blocks, threads
from app.imaging.arrays import U8, Bool, as_u8
from app.imaging.ranges import CELL, Ranges

BLOCK = 16
"""Edge in pixels of what is walked round when it is wholly alike. A cell holds a whole number of blocks."""
_PIECE = 98304
"""Pixels that are looked at as one piece: all that is read and written for it stays in the processor's cache."""
_WORTH_THREADS = 40_000
"""Pixels that pieces must have for two threads to take less time than one."""
REACHED = 255
"""What a flood writes."""
_FLOOD = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (REACHED << 8)
_SQUARE = np.ones((3, 3), np.uint8)

Place = tuple[int, int]
"""x and y."""


class Alike:
    """Tells which pixels of a picture, (H, W, 4) BGRA, differ from a colour by at most so much in every channel.

    Where the colour has no alpha, all of it is alike. What a channel differs beyond the tolerance is 0 where it is
    alike, so a pixel is alike where all four of its bytes, looked at as one number, are 0: that takes half of the
    time of looking at the channels one by one. May be asked by several threads.
    """

    def __init__(self, picture: U8, colour: tuple[int, ...], tolerance: int) -> None:
        self.size = Size(picture.shape[1], picture.shape[0])
        self._lines: U8 = picture.reshape(picture.shape[0], -1)
        self._colour = np.array([*colour, 0][:4], np.uint8)
        self._tolerance = np.array([tolerance] * len(colour) + [255] * (4 - len(colour)), np.uint8)
        self._wanted, self._allowed = np.tile(self._colour, _PIECE), np.tile(self._tolerance, _PIECE)

    def cells(self, ranges: Ranges, work: Work) -> tuple[Bool, Bool]:
        """The cells of the picture that are wholly alike, and those, these among them, of which something may be.

        Raises:
            Cancelled: by `work`.
        """
        lowest, highest = ranges.read(work)
        low, high = (
            cv2.subtract(self._colour, self._tolerance)[:, 0],
            cv2.add(self._colour, self._tolerance)[:, 0],
        )
        wholly: Bool = np.logical_and.reduce((lowest >= low) & (highest <= high), axis=2)
        partly: Bool = np.logical_and.reduce((highest >= low) & (lowest <= high), axis=2)
        return wholly, partly

    def look(self, cells: Bool, area: Rect, target: U8, work: Work) -> None:
        """Write 0 for the pixels of `cells` that are alike, else 1. The grid and `target` begin where `area` does.

        Raises:
            Cancelled: by `work`.
        """
        rows = [blocks.run_pixels(run, CELL).intersected(area.size.rect) for run in blocks.runs(cells)]
        pieces = [piece for row in rows for piece in _pieces(row)]
        # What threads do between two calls of a library they do in turn: as little of it as can be.
        parts = [(piece.translated(area.x, area.y), target[piece.slices]) for piece in pieces]

        def worker() -> Callable[[tuple[Rect, U8]], object]:
            scratch = np.empty(4 * _PIECE, np.uint8)

            def look(part: tuple[Rect, U8]) -> None:
                work.step(0.3 + 0.4 * (part[0].y - area.y) / area.height)
                self.find(part[0], part[1], scratch)

            return look

        pixels = sum(piece.area for piece in pieces)
        threads.share(parts, worker, pixels if pixels > _WORTH_THREADS * len(pieces) else 0)

    def find(self, rect: Rect, target: U8, scratch: U8) -> None:
        """Write 0 for the pixels of `rect` that are alike, else 1; `scratch` is flat, 4 * rect.area or more.

        `rect` holds at most as many pixels as a piece.
        """
        shape, size = (rect.height, 4 * rect.width), 4 * rect.area
        piece = self._lines[rect.y : rect.bottom, 4 * rect.x : 4 * rect.right]
        beyond = scratch[:size].reshape(shape)
        cv2.absdiff(piece, self._wanted[:size].reshape(shape), beyond)
        cv2.subtract(beyond, self._allowed[:size].reshape(shape), beyond)
        np.not_equal(beyond.view(np.uint32), 0, out=target.view(np.bool_))


def flood(
    picture: U8,
    ranges: Ranges,
    colour: tuple[int, ...],
    tolerance: int,
    near: Rect,
    at: tuple[int, int],
    work: Work,
    margin: int = 0,
) -> tuple[Rect, U8]:
    """What is like `colour` and hangs by sides together with the pixel of `near` that is next to `at`, if any is.

    `picture` is (H, W, 4) BGRA, and `ranges` are its own; a colour of three channels leaves alpha out. Returns its
    bounds, with `margin` pixels (0 or 1) round them inside the picture, and coverage, 255, of them.

    Raises:
        Cancelled: by `work`.
    """
    alike = Alike(picture, colour, tolerance)
    others = np.empty((near.height, near.width), np.uint8)
    alike.find(near, others, np.empty(4 * near.area, np.uint8))
    rows, columns = np.nonzero(others == 0)
    if not rows.size:
        return EMPTY, as_u8(np.empty((0, 0), np.uint8))
    nearest = int(np.argmin(np.hypot(columns + near.x - at[0], rows + near.y - at[1])))
    x, y = int(columns[nearest]) + near.x, int(rows[nearest]) + near.y
    ground = _Ground(alike, ranges, x, y, margin, work)
    reached = spread(ground.mask, ground.bodies, x - ground.area.x, y - ground.area.y)
    work.step(0.9)
    area = reached.translated(ground.area.x, ground.area.y).expanded(margin).intersected(alike.size.rect)
    return area, ground.coverage(area)


class _Ground:
    """The part of a picture that a flood from a place may get to, pixel by pixel and in blocks."""

    def __init__(self, alike: Alike, ranges: Ranges, x: int, y: int, margin: int, work: Work) -> None:
        """`margin` are cells all round of which nothing can be reached, as far as the picture has them."""
        wholly, partly = alike.cells(ranges, work)
        # It is known to be, whatever was written since the ranges were read.
        partly[y // CELL, x // CELL] = True
        _, labels = cv2.connectedComponents(partly.view(np.uint8), connectivity=4)
        own = labels == labels[y // CELL, x // CELL]
        cells = Size(own.shape[1], own.shape[0]).rect
        grid = Rect(*cv2.boundingRect(own.view(np.uint8))).expanded(margin).intersected(cells)
        own = own[grid.slices]
        wholly = wholly[grid.slices] & own
        self.area = blocks.pixels(grid, CELL).intersected(alike.size.rect)
        """What of the picture is looked at."""
        inside = self.area.size
        solid = self._in_blocks(wholly)
        # At an end of the picture they may be smaller.
        solid[inside.height // BLOCK :] = solid[:, inside.width // BLOCK :] = False
        self.bodies = Bodies(solid)
        self.mask: U8 = np.empty((solid.shape[0] * BLOCK + 2, solid.shape[1] * BLOCK + 2), np.uint8)
        """0 = alike, to be reached, 255 = closed, else 1; with a border as cv2 asks for it, and whole blocks."""
        self._plane = as_u8(self.mask[1:-1, 1:-1])
        levels = self.bodies.closed.view(np.uint8) * np.uint8(REACHED)
        levels[~self._in_blocks(own)] = 1
        blocks.write(levels, BLOCK, self._plane)
        alike.look(own & ~wholly, self.area, self._plane, work)
        self.mask[0] = self.mask[-1] = self.mask[:, 0] = self.mask[:, -1] = 1
        self._plane[inside.height :] = self._plane[:, inside.width :] = 1

    def _in_blocks(self, cells: Bool) -> Bool:
        """The blocks of a grid of cells, as many as the area has."""
        height, width = -(-self.area.height // BLOCK), -(-self.area.width // BLOCK)
        return cells.repeat(CELL // BLOCK, axis=0).repeat(CELL // BLOCK, axis=1)[:height, :width]

    def coverage(self, area: Rect) -> U8:
        """255 for what was reached of a part of the picture, else 0; the flood is at its end."""
        found = as_u8(self._plane[area.relative_to(self.area).slices])

        def worker() -> Callable[[slice], object]:
            return lambda rows: cv2.threshold(found[rows], 1, 255, cv2.THRESH_BINARY, found[rows])

        threads.share(threads.bands(area.size, max(_PIECE, area.area // threads.THREADS)), worker, area.area)
        return found


def _pieces(row: Rect) -> Iterator[Rect]:
    """Parts of a row of cells that are few enough pixels."""
    width = _PIECE // CELL
    for x in range(row.x, row.right, width):
        yield Rect(x, row.y, min(width, row.right - x), row.height)


class Bodies:
    """Solid blocks that hang together by sides, and which of them a flood need not walk through."""

    def __init__(self, solid: Bool) -> None:
        """Of a grid of blocks, (h, w)."""
        _, self.labels = cv2.connectedComponents(solid.view(np.uint8), connectivity=4)
        """The number of each block's body, int32, 0 for none."""
        self._tops: dict[int, Place] = {}
        self.closed = self._closed(solid)
        """The interiors. Who reaches a body reaches all of its rim, which leads out of it and into its holes.

        The rim hangs together: from the rim of each hole a way straight up is left open, to the rim above.
        """

    def _closed(self, solid: Bool) -> Bool:
        inner = cv2.erode(
            solid.view(np.uint8), _SQUARE, borderType=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0)
        )
        closed = inner.view(np.bool_)
        _, labels, found, _ = cv2.connectedComponentsWithStats(
            (solid & ~closed).view(np.uint8), connectivity=4
        )
        for label in (np.argsort(found[1:, cv2.CC_STAT_TOP], kind="stable") + 1).tolist():
            left, top, width = found[label, :3].tolist()
            x = left + int(np.argmax(labels[top, left : left + width] == label))
            body = int(self.labels[top, x])
            if body not in self._tops:
                self._tops[body] = x, top
            elif closed[top - 1, x]:
                way = int(np.argmin(closed[:top, x][::-1]))
                closed[top - way : top, x] = False
            else:
                closed[self.labels == body] = False
        return closed

    def rim_ends(self, body: int) -> list[Place]:
        """The first and the last block of a body, which are part of its rim."""
        rows, columns = np.nonzero(self.labels == body)
        return [(int(columns[at]), int(rows[at])) for at in (0, -1)]

    def missed(self, plane: U8) -> Bool:
        """The closed blocks of those bodies whose rim was not reached in a plane of pixels."""
        missed = [body for body, (x, y) in self._tops.items() if plane[y * BLOCK, x * BLOCK] != REACHED]
        return self.closed & np.isin(self.labels, missed) if missed else np.zeros_like(self.closed)


def spread(mask: U8, bodies: Bodies, x: int, y: int, *, alone: bool = True) -> Rect:
    """Write 255 to all 0 of `mask` that hang by sides together with the one at (x, y), and return their bounds.

    `mask` is (BLOCK * h + 2, BLOCK * w + 2): a border of 1 round whole blocks, within which places are counted.
    `bodies` are of blocks that hold nothing but 0; the larger they are, the less there is to walk. Where a block is
    closed it holds 255 beforehand, and 0 afterwards if its body was not reached. Where it is not `alone`, others
    compute beside it, and it keeps to its own thread.
    """
    plane = mask[1:-1, 1:-1]
    boxes: list[Rect] = []

    def pour(start: Place) -> None:
        if plane[start[1], start[0]] == 0:
            boxes.append(_pour(mask, start))

    # Floods may meet: what one of them has reached is a wall for the other, and whoever wrote it goes on from there.
    starts = [*_known(mask, bodies, x, y), (x, y)] if alone else [(x, y)]
    threads.share(starts, lambda: pour, plane.size if alone else 0)
    blocks.fill(plane, bodies.missed(plane), BLOCK, 0)
    return united(boxes)


def _known(mask: U8, bodies: Bodies, x: int, y: int) -> list[Place]:
    """Places far from each other that hang together with pixel (x, y), as far as the blocks beside it tell.

    These blocks are those of its row, and of the two rows beside that.
    """
    size = Size(bodies.labels.shape[1], bodies.labels.shape[0])
    around = Rect(0, y // BLOCK, size.width, 1).expanded(0, 1).intersected(size.rect)
    box = blocks.pixels(around, BLOCK)
    trial = np.pad(mask[1:-1, 1:-1][box.slices], 1, constant_values=1)
    trial[trial == REACHED] = 0
    _pour(trial, (x - box.x, y - box.y))
    reached = trial[1:-1, 1:-1] == REACHED
    met = bodies.labels[around.slices][reached[::BLOCK, ::BLOCK]]
    if met.any():
        return [(column * BLOCK, row * BLOCK) for column, row in bodies.rim_ends(int(met.max()))]
    columns = np.flatnonzero(reached.any(axis=0))
    return [(int(each), box.y + int(np.argmax(reached[:, each]))) for each in (columns[0], columns[-1])]


def _pour(mask: U8, place: Place) -> Rect:
    """Flood from a pixel, counted without the border, through all that is 0; the bounds of what it reached."""
    # cv2 asks for a picture beside the mask. It is given the mask again, with every difference allowed in it: so the
    # mask alone tells what may be reached, and no other plane is read.
    _, _, _, box = cv2.floodFill(mask[1:-1, 1:-1], mask, place, 0, 255, 255, _FLOOD)
    return Rect(*box)
