"""What is like a colour and hangs together with a place, found where it reaches and no farther. Pure.

A flood walks from pixel to pixel, which is slow, and looks at a picture four times as large as its find. So a few
samples tell first where it may get to. Only there the picture is looked at, and of what is wholly alike, block by
block, only the rim is walked along. What is found is the same to the bit: a block that is alike hangs together in
itself and with the one beside it. If the flood gets to where the samples did not expect it, everything is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from app.base.geometry import EMPTY, Rect, Size, united
from app.base.work import Work
from app.imaging import blocks, threads
from app.imaging.arrays import U8, Bool, as_u8

TILE = 256
"""Edge in pixels of what is looked at, or not, at a time."""
BLOCK = 16
"""Edge in pixels of what is walked round when it is wholly alike. A tile holds a whole number of blocks."""
_PIECE_TILES = 24
_PIECE = _PIECE_TILES * TILE * BLOCK
"""Pixels that are looked at as one piece: all that is read and written for it stays in the processor's cache."""
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

    def __init__(self, picture: U8, colour: tuple[int, ...], tolerance: int, pixels: int) -> None:
        """For pieces of up to so many `pixels`, which are cut out of the picture."""
        self._lines: U8 = picture.reshape(picture.shape[0], -1)
        allowed = [tolerance] * len(colour) + [255] * (4 - len(colour))
        self._wanted = np.tile(np.array([*colour, 0][:4], np.uint8), pixels)
        self._allowed = np.tile(np.array(allowed, np.uint8), pixels)

    def find(self, rect: Rect, target: U8, scratch: U8) -> None:
        """Write 0 for the pixels of `rect` that are alike, else 1; `scratch` is flat, 4 * rect.area or more."""
        shape, size = (rect.height, 4 * rect.width), 4 * rect.area
        piece = self._lines[rect.y : rect.bottom, 4 * rect.x : 4 * rect.right]
        beyond = scratch[:size].reshape(shape)
        cv2.absdiff(piece, self._wanted[:size].reshape(shape), beyond)
        cv2.subtract(beyond, self._allowed[:size].reshape(shape), beyond)
        np.not_equal(beyond.view(np.uint32), 0, out=target.view(np.bool_))


def flood(
    picture: U8,
    colour: tuple[int, ...],
    tolerance: int,
    near: Rect,
    at: tuple[int, int],
    work: Work,
    margin: int = 0,
) -> tuple[Rect, U8]:
    """What is like `colour` and hangs by sides together with the pixel of `near` that is next to `at`, if any is.

    `picture` is (H, W, 4) BGRA; a colour of three channels leaves alpha out. Returns its bounds, with `margin`
    pixels (0 or 1) round them inside the picture, and coverage, 255, of them.

    Raises:
        Cancelled: by `work`.
    """
    others = np.empty((near.height, near.width), np.uint8)
    Alike(picture, colour, tolerance, near.area).find(near, others, np.empty(4 * near.area, np.uint8))
    rows, columns = np.nonzero(others == 0)
    if not rows.size:
        return EMPTY, as_u8(np.empty((0, 0), np.uint8))
    nearest = int(np.argmin(np.hypot(columns + near.x - at[0], rows + near.y - at[1])))
    x, y = int(columns[nearest]) + near.x, int(rows[nearest]) + near.y
    expected = _expected(picture, colour, tolerance, x, y)
    ground = _Ground(picture, colour, tolerance, expected, work)
    reached = ground.flood(x, y)
    if not expected.all() and ground.leads_beyond():
        ground = _Ground(picture, colour, tolerance, np.ones_like(expected), work)
        reached = ground.flood(x, y)
    work.step(0.9)
    area = reached.expanded(margin).intersected(Size(picture.shape[1], picture.shape[0]).rect)
    return area, ground.coverage(area)


def _expected(picture: U8, colour: tuple[int, ...], tolerance: int, x: int, y: int) -> Bool:
    """The tiles that a flood from (x, y) gets to as far as one sample of each block tells, with a block to spare."""
    samples = np.ascontiguousarray(picture[::BLOCK, ::BLOCK])
    low = [max(0, level - tolerance) for level in colour] + [0] * (4 - len(colour))
    high = [min(255, level + tolerance) for level in colour] + [255] * (4 - len(colour))
    alike = cv2.inRange(samples, np.array(low, np.uint8), np.array(high, np.uint8))
    alike[y // BLOCK, x // BLOCK] = 255
    _, labels = cv2.connectedComponents(cv2.dilate(alike, _SQUARE), connectivity=4)
    own = np.asarray(labels == labels[y // BLOCK, x // BLOCK], np.uint8)
    return blocks.highest(as_u8(cv2.dilate(own, _SQUARE)), TILE // BLOCK) > 0


class _Ground:
    """The part of a picture that a flood may get to, pixel by pixel and in blocks."""

    def __init__(self, picture: U8, colour: tuple[int, ...], tolerance: int, tiles: Bool, work: Work) -> None:
        """Look at the marked ones of `tiles`, which cover the picture and of which at least one is marked."""
        self._work = work
        self._size = Size(picture.shape[1], picture.shape[0])
        grid = Rect(*cv2.boundingRect(tiles.view(np.uint8)))
        self._tiles = tiles[grid.slices]
        self._area = blocks.pixels(grid, TILE).intersected(self._size.rect)
        height, width = -(-self._area.height // BLOCK), -(-self._area.width // BLOCK)
        # 0 = alike and not yet reached, 255 = reached, else 1; with a border as cv2 asks for it, and whole blocks.
        self._mask = np.empty((height * BLOCK + 2, width * BLOCK + 2), np.uint8)
        self._plane = as_u8(self._mask[1:-1, 1:-1])
        self._solid = np.zeros((height, width), np.bool_)
        self._close()
        self._look(Alike(picture, colour, tolerance, _PIECE))

    def _close(self) -> None:
        """Make a wall of all that is not looked at."""
        self._mask[0] = self._mask[-1] = self._mask[:, 0] = self._mask[:, -1] = 1
        self._plane[self._area.height :] = self._plane[:, self._area.width :] = 1
        for run in blocks.runs(~self._tiles):
            self._plane[blocks.run_pixels(run, TILE).slices] = 1

    def _look(self, alike: Alike) -> None:
        """Find which pixels are alike, and which blocks wholly are."""
        inside = self._area.size.rect
        rows = [blocks.run_pixels(run, TILE).intersected(inside) for run in blocks.runs(self._tiles)]
        pieces = [piece for row in rows for piece in _pieces(row)]
        # What threads do between two calls of a library they do in turn: as little of it as can be.
        parts = [
            (piece.translated(self._area.x, self._area.y), self._plane[piece.slices]) for piece in pieces
        ]

        def worker() -> Callable[[tuple[Rect, U8]], object]:
            scratch = np.empty(4 * _PIECE, np.uint8)

            def look(part: tuple[Rect, U8]) -> None:
                self._work.step(0.8 * (part[0].y - self._area.y) / inside.height)
                alike.find(part[0], part[1], scratch)

            return look

        threads.share(parts, worker, sum(piece.area for piece in pieces))
        self._tell_solid()

    def _tell_solid(self) -> None:
        """Find the blocks that are wholly alike."""
        others = np.bitwise_or.reduce(self._plane.reshape(len(self._solid), BLOCK, -1), axis=1)
        # Sixteen pixels are two numbers of eight bytes.
        halves = others.view(np.uint64)
        np.equal(halves[:, ::2] | halves[:, 1::2], 0, out=self._solid)

    def flood(self, x: int, y: int) -> Rect:
        """Reach all that hangs together with pixel (x, y) of the picture, which is alike; its bounds there."""
        reached = spread(self._mask, self._solid, x - self._area.x, y - self._area.y)
        return reached.translated(self._area.x, self._area.y)

    def leads_beyond(self) -> bool:
        """True when something was reached beside a tile that was not looked at."""
        looked = self._tiles
        for below, beside in ((1, 0), (0, 1)):
            first, second = (
                looked[: looked.shape[0] - below, : looked.shape[1] - beside],
                looked[below:, beside:],
            )
            for row, column in np.argwhere(first != second).tolist():
                tile = blocks.pixels(Rect(column, row, 1, 1), TILE)
                y = tile.bottom - 1 if first[row, column] else tile.bottom
                x = tile.right - 1 if first[row, column] else tile.right
                side = self._plane[y, tile.x : tile.right] if below else self._plane[tile.y : tile.bottom, x]
                if (side == REACHED).any():
                    return True
        return self._leads_out()

    def _leads_out(self) -> bool:
        """True when something was reached at a side of what was looked at that is not the picture's."""
        height, width = self._area.height, self._area.width
        sides = (
            (self._area.y > 0, self._plane[0, :width]),
            (self._area.bottom < self._size.height, self._plane[height - 1, :width]),
            (self._area.x > 0, self._plane[:height, 0]),
            (self._area.right < self._size.width, self._plane[:height, width - 1]),
        )
        return any(goes_on and bool((side == REACHED).any()) for goes_on, side in sides)

    def coverage(self, area: Rect) -> U8:
        """255 for what was reached of a part of the picture, else 0; the flood is at its end."""
        found = as_u8(self._plane[area.relative_to(self._area).slices])

        def worker() -> Callable[[slice], object]:
            return lambda rows: cv2.threshold(found[rows], 1, 255, cv2.THRESH_BINARY, found[rows])

        threads.share(threads.bands(area.size, max(_PIECE, area.area // threads.THREADS)), worker, area.area)
        return found


def _pieces(row: Rect) -> Iterator[Rect]:
    """Parts of a row of tiles that are few enough pixels and whole blocks, but for where the picture ends."""
    width = _PIECE_TILES * TILE
    for x in range(row.x, row.right, width):
        part = Rect(x, row.y, min(width, row.right - x), row.height)
        rows = _PIECE // part.width // BLOCK * BLOCK
        for y in range(row.y, row.bottom, rows):
            yield Rect(x, y, part.width, min(rows, row.bottom - y))


def spread(mask: U8, solid: Bool, x: int, y: int) -> Rect:
    """Write 255 to all 0 of `mask` that hang by sides together with the one at (x, y), and return their bounds.

    `mask` is (BLOCK * h + 2, BLOCK * w + 2): a border of 1 round whole blocks, within which places are counted.
    `solid`, (h, w), marks blocks that hold nothing but 0; the more it does, the less there is to walk.
    """
    plane = mask[1:-1, 1:-1]
    body, ends = _body(mask, solid, x, y)
    closed, seeds = _walls(body)
    # What is closed is reached already, and nothing walks through it.
    for row, first, end in blocks.runs(closed):
        plane[row * BLOCK : (row + 1) * BLOCK, first * BLOCK : end * BLOCK] = REACHED
    boxes = [blocks.pixels(Rect(*cv2.boundingRect(closed.view(np.uint8))), BLOCK)]
    starts = [*((column * BLOCK, row * BLOCK) for column, row in seeds), *ends, (x, y)]

    def pour(start: Place) -> None:
        if plane[start[1], start[0]] == 0:
            boxes.append(_pour(mask, start))

    # Floods may meet: what one of them has reached is a wall for the other, and whoever wrote it goes on from there.
    threads.share(starts, lambda: pour, plane.size)
    return united(boxes)


def _body(mask: U8, solid: Bool, x: int, y: int) -> tuple[Bool, list[Place]]:
    """The solid blocks that hang together with pixel (x, y) and by sides, maybe none; and pixels far off that do.

    They are those that are found along the row of blocks of that pixel, and of the two beside it.
    """
    around = Rect(0, y // BLOCK, solid.shape[1], 1).expanded(0, 1)
    around = around.intersected(Size(solid.shape[1], solid.shape[0]).rect)
    box = blocks.pixels(around, BLOCK)
    trial = np.pad(mask[1:-1, 1:-1][box.slices], 1, constant_values=1)
    _pour(trial, (x - box.x, y - box.y))
    reached = trial[1:-1, 1:-1] == REACHED
    columns = np.flatnonzero(reached.any(axis=0))
    ends = [(int(each), box.y + int(np.argmax(reached[:, each]))) for each in (columns[0], columns[-1])]
    rows, columns = np.nonzero(reached[::BLOCK, ::BLOCK] & solid[around.slices])
    if not rows.size:
        return np.zeros_like(solid), ends
    _, labels = cv2.connectedComponents(solid.view(np.uint8), connectivity=4)
    own: Bool = labels == labels[around.y + rows[0], around.x + columns[0]]
    return own, ends


def _pour(mask: U8, place: Place) -> Rect:
    """Flood from a pixel, counted without the border, through all that is 0; the bounds of what it reached."""
    # cv2 asks for a picture beside the mask. It is given the mask again, with every difference allowed in it: so the
    # mask alone tells what may be reached, and no other plane is read.
    _, _, _, box = cv2.floodFill(mask[1:-1, 1:-1], mask, place, 0, 255, 255, _FLOOD)
    return Rect(*box)


def _walls(body: Bool) -> tuple[Bool, list[Place]]:
    """What of a body of blocks need not be walked through, and blocks (x, y) from which all of the rest is reached.

    Only the rim leads out of a body. Each piece of the rim would be a flood of its own, as for specks there are
    many; so where one begins below a block within the body, the way straight up from there is left open, too.
    It ends at a piece of the rim that begins farther up.
    """
    closed = cv2.erode(body.view(np.uint8), _SQUARE).view(np.bool_)
    _, labels, found, _ = cv2.connectedComponentsWithStats((body & ~closed).view(np.uint8), connectivity=4)
    seeds = []
    for label, (left, top, width) in enumerate(found[1:, :3].tolist(), 1):
        x = left + int(np.argmax(labels[top, left : left + width] == label))
        above = closed[:top, x]
        if not top or not above[-1]:
            seeds.append((x, top))
            continue
        way = int(np.argmin(above[::-1])) or top
        above[top - way :] = False
        if way == top:
            seeds.append((x, 0))
    return closed, seeds
