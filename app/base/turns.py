"""Work that must be done on one thread, a little of it at a time, so that others have their turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Item = TypeVar("Item")

SLICE = 0.004
"""Seconds after which others have their turn."""


def some_of(rest: list[Item], do: Callable[[Item], object], *, at_once: bool = False) -> list[Item]:
    """Take items off the end of `rest` and do them, until a slice of time is over or, `at_once`, none is left.

    Returns:
        What was done, one at least where there was any.
    """
    until, done = time.perf_counter() + SLICE, list[Item]()
    while rest and (at_once or not done or time.perf_counter() < until):
        item = rest.pop()
        do(item)
        done.append(item)
    return done
