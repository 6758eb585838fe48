"""The grid between the document's pixels, where they are shown so large that one looks at each of them.

Its lines are one device pixel wide.
"""

from __future__ import annotations

import math

from PySide6.QtGui import QColor

GRID_FROM = 8.0
"""The grid is shown above this scale."""
GRID = QColor(150, 150, 150, 89)


def grid_lines(low: int, high: int, origin: int, scale: float) -> list[int]:
    """Where in [low, high) a pixel of the document begins, but for the first of all; counted from `low`."""
    first = max(1, math.ceil((low - origin) / scale))
    last = math.floor((high - origin) / scale) + 1
    places = [origin + math.floor(index * scale) for index in range(first, last + 1)]
    return [place - low for place in places if low <= place < high]
