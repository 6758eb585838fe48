"""How the threads of cv2 wait for work: asleep."""

from __future__ import annotations

from collections.abc import MutableMapping

ACTIVE_WAIT = "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER"
"""How often a thread of cv2's pool looks for more work before it sleeps; usually 2000 times."""


def let_idle_threads_sleep(environ: MutableMapping[str, str]) -> None:
    """Have cv2's threads sleep as soon as they have nothing to do; before cv2 is loaded, which reads it then.

    Otherwise each of them goes on looking for work for a millisecond or two after every call. That is a processor
    taken away from Qt, which draws the picture with several threads right after the mask was filtered, and from
    whatever works in the background. What the user has set stays.
    """
    environ.setdefault(ACTIVE_WAIT, "0")
