"""The worker process: takes one order after the other from the host and heals.

It is started by `spawn`, knows neither the window nor the session, and lives no longer than the pipe: a
thread waits on the pipe and ends the process at once when the host is gone, also in the midst of a heal.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import traceback
from multiprocessing.connection import Connection

from app.base.cancel import CancelToken
from app.base.errors import MaskroomError
from app.base.text import tr
from app.engines.messages import Began, Done, Failed, Order, Ready, Taken
from app.engines.shared import SharedBlock
from app.engines.types import Step

THREADS = 2
"""Of cv2 in this process: enough to be quick, few enough to leave the window its share."""


def main(pipe: Connection) -> None:
    """Serve orders from `pipe` until it ends."""
    # Ctrl+C in a terminal reaches the whole group; the host decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, inbox), name="pipe", daemon=True).start()
    _warm()
    while True:
        order = inbox.get()
        if isinstance(order, Order):
            with contextlib.suppress(OSError):  # the host has gone: the listener ends the process
                pipe.send(_answer(order, pipe, inbox))


def _listen(pipe: Connection, inbox: queue.SimpleQueue[object]) -> None:
    """Move messages from the pipe to `inbox`; end the process with the pipe."""
    while True:
        try:
            inbox.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(0)


def _warm() -> None:
    """Load what every heal needs, so that the first one does not wait for it."""
    import cv2

    from app.engines import healing, patchmatch

    cv2.setNumThreads(THREADS)
    patchmatch.is_available()
    healing.__name__  # noqa: B018  loaded for its own imports


def _answer(order: Order, pipe: Connection, inbox: queue.SimpleQueue[object]) -> Done | Failed:
    try:
        _heal(order, pipe, inbox)
    except MaskroomError as error:
        return Failed.of(error)
    except MemoryError as error:
        return Failed(
            tr("There is not enough memory to heal this region."),
            tr("Paint a smaller region, or close other programs."),
            repr(error),
            bad_mask=False,
        )
    except Exception:  # noqa: BLE001  the top loop of this process
        return Failed(
            tr("The healing engine failed."),
            tr("Try again, or choose the other engine."),
            traceback.format_exc(),
            bad_mask=False,
        )
    return Done()


def _heal(order: Order, pipe: Connection, inbox: queue.SimpleQueue[object]) -> None:
    from app.engines.healing import heal

    block = SharedBlock.attach(order.path, order.nbytes)
    try:
        shape = (order.height, order.width)
        picture = block.array(0, (*shape, 3))
        coverage = block.array(3 * order.pixels, shape)
        result = block.array(4 * order.pixels, (*shape, 3))
        share = 1.0 / len(order.seeds)
        for index, seed in enumerate(order.seeds):

            def began(step: Step, base: float = index * share) -> None:
                pipe.send(Began(Step(base + step.start * share, base + step.end * share, step.seconds)))

            result[...] = heal(picture, coverage, order.method, seed, began, CancelToken())
            pipe.send(Ready())
            while not isinstance(inbox.get(), Taken):
                pass
        del picture, coverage, result
    finally:
        block.close()
