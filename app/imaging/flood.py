"""What is like a colour and hangs together with a place, found tile by tile and only where it reaches. Pure.

A flood over the whole picture reads and classifies everything, and jumps about in memory; inside a tile all that
it touches stays in the processor's cache. What it finds is the same to the bit: what one tile reached at a side
goes on from there in the next.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from app.base.geometry import EMPTY, Rect, Size, united
from app.base.work import Work
from app.imaging.arrays import U8, Bool, as_u8

TILE = 512
"""Edge of a tile in pixels."""
_ROWS = 64
"""Rows of a tile that are classified at a time."""
_FLOOD = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)

Place = tuple[int, int]
"""Row and column of a tile."""


class Alike:
    """Tells which pixels of a picture, (H, W, 4) BGRA, differ from a colour by at most so much in every channel.

    Where the colour has no alpha, all of it is alike. What a channel differs beyond the tolerance is 0 where it is
    alike, so a pixel is alike where all four of its bytes, looked at as one number, are 0: that takes half of the
    time of looking at the channels one by one.
    """

    def __init__(self, picture: U8, colour: tuple[int, ...], tolerance: int, width: int, rows: int) -> None:
        """For pieces up to `width` and `rows`, which are cut out of the picture."""
        self._lines: U8 = picture.reshape(picture.shape[0], -1)
        allowed = [tolerance] * len(colour) + [255] * (4 - len(colour))
        self._wanted = np.tile(np.array([*colour, 0][:4], np.uint8), (rows, width))
        self._allowed = np.tile(np.array(allowed, np.uint8), (rows, width))

    def find(self, rect: Rect, target: U8, scratch: U8) -> None:
        """Write 0 for the pixels of `rect` that are alike, else 1; `scratch` is (rect.height, 4 * rect.width)."""
        across = slice(4 * rect.x, 4 * rect.right)
        piece = self._lines[rect.y : rect.bottom, across]
        size = slice(0, rect.height), slice(0, 4 * rect.width)
        cv2.absdiff(piece, self._wanted[size], scratch)
        cv2.subtract(scratch, self._allowed[size], scratch)
        np.not_equal(scratch.view(np.uint32), 0, out=target.view(np.bool_))


class Flood:
    """The tiles that one flood has come to."""

    def __init__(self, picture: U8, colour: tuple[int, ...], tolerance: int) -> None:
        self._size = Size(picture.shape[1], picture.shape[0])
        self._alike = Alike(picture, colour, tolerance, TILE, _ROWS)
        self._rows, self._columns = -(-self._size.height // TILE), -(-self._size.width // TILE)
        count = self._rows * self._columns
        # Memory is there when it is touched: one block, of which only the tiles that are reached cost anything.
        self._masks = np.empty((count, TILE + 2, TILE + 2), np.uint8)
        self._plain = np.zeros((TILE, TILE), np.uint8)
        self._scratch = np.empty(_ROWS * TILE * 4, np.uint8)
        self._known: set[Place] = set()
        self._boxes: list[Rect] = []

    def run(self, x: int, y: int, work: Work) -> tuple[Rect, U8]:
        """Everything that hangs by sides together with pixel (x, y), which is alike: its bounds, and 255 for it.

        Raises:
            Cancelled: by `work`.
        """
        start = y // TILE, x // TILE
        self._know(start)
        self._pour(start, x % TILE, y % TILE)
        waiting = deque(self._neighbours(start))
        while waiting:
            place = waiting.popleft()
            work.step(len(self._known) / (self._rows * self._columns))
            if self._enter(place):
                waiting += [each for each in self._neighbours(place) if each not in waiting]
        return self._gathered()

    def _cell(self, place: Place) -> Rect:
        return Rect(place[1] * TILE, place[0] * TILE, TILE, TILE).intersected(self._size.rect)

    def _mask(self, place: Place) -> U8:
        """A tile, with a border as cv2 asks for it: 255 = reached, 0 = alike but not yet reached, 1 = not alike."""
        cell, index = self._cell(place), place[0] * self._columns + place[1]
        return as_u8(self._masks[index, : cell.height + 2, : cell.width + 2])

    def _inside(self, place: Place) -> U8:
        return as_u8(self._mask(place)[1:-1, 1:-1])

    def _know(self, place: Place) -> None:
        """Find what is alike in a tile, once."""
        if place in self._known:
            return
        self._known.add(place)
        cell, inside = self._cell(place), self._inside(place)
        for top in range(0, cell.height, _ROWS):
            part = Rect(cell.x, cell.y + top, cell.width, min(_ROWS, cell.height - top))
            scratch = self._scratch[: part.area * 4].reshape(part.height, part.width * 4)
            self._alike.find(part, inside[top : top + _ROWS], scratch)

    def _pour(self, place: Place, x: int, y: int) -> None:
        inside = self._inside(place)
        if not cv2.hasNonZero(inside):
            # Most tiles within a plain area: nothing has to be followed.
            inside[...] = 255
            self._boxes.append(self._cell(place))
            return
        # What may be reached is told by the mask alone; the picture that cv2 wants beside it is plain.
        plain = self._plain[: inside.shape[0], : inside.shape[1]]
        _, _, _, box = cv2.floodFill(plain, self._mask(place), (x, y), 0, 0, 0, _FLOOD)
        self._boxes.append(Rect(*box).translated(place[1] * TILE, place[0] * TILE))

    def _neighbours(self, place: Place) -> list[Place]:
        row, column = place
        around = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
        return [(r, c) for r, c in around if 0 <= r < self._rows and 0 <= c < self._columns]

    def _enter(self, place: Place) -> bool:
        """Go on with what the tiles around have reached at their sides; False when nothing new is reached."""
        entered = False
        for beside in self._neighbours(place):
            if beside not in self._known:
                continue
            down, right = beside[0] - place[0], beside[1] - place[1]
            reached: Bool = _side(self._inside(beside), -down, -right) == 255
            if not reached.any():
                continue
            self._know(place)
            inside = self._inside(place)
            edge = _side(inside, down, right)
            while True:
                reached &= edge == 0
                first = int(reached.argmax())
                if not reached[first]:
                    break
                x = first if down else (inside.shape[1] - 1 if right > 0 else 0)
                y = first if right else (inside.shape[0] - 1 if down > 0 else 0)
                self._pour(place, x, y)
                entered = True
        return entered

    def _gathered(self) -> tuple[Rect, U8]:
        area = united(self._boxes)
        found = np.zeros((area.height, area.width), np.uint8)
        for place in self._known:
            cell = self._cell(place)
            part = cell.intersected(area)
            if not part.is_empty:
                inside = self._inside(place)[part.relative_to(cell).slices]
                cv2.threshold(inside, 1, 255, cv2.THRESH_BINARY, found[part.relative_to(area).slices])
        return area, found


def _side(plane: U8, down: int, right: int) -> U8:
    """The outermost row or column of a tile in that direction."""
    return as_u8(plane[-1 if down > 0 else 0] if down else plane[:, -1 if right > 0 else 0])


def flood(
    picture: U8, colour: tuple[int, ...], tolerance: int, near: Rect, at: tuple[int, int], work: Work
) -> tuple[Rect, U8]:
    """What is like `colour` and hangs by sides together with the pixel of `near` that is next to `at`, if any is.

    `picture` is (H, W, 4) BGRA; a colour of three channels leaves alpha out. Returns its bounds and coverage, 255,
    of them.

    Raises:
        Cancelled: by `work`.
    """
    others = np.empty((near.height, near.width), np.uint8)
    scratch = np.empty((near.height, near.width * 4), np.uint8)
    Alike(picture, colour, tolerance, near.width, near.height).find(near, others, scratch)
    rows, columns = np.nonzero(others == 0)
    if not rows.size:
        return EMPTY, as_u8(np.empty((0, 0), np.uint8))
    nearest = int(np.argmin(np.hypot(columns + near.x - at[0], rows + near.y - at[1])))
    return Flood(picture, colour, tolerance).run(
        int(columns[nearest]) + near.x, int(rows[nearest]) + near.y, work
    )
