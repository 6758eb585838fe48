"""That cv2's threads sleep when they have nothing to do; in processes of their own, as cv2 asks when it is loaded."""

import subprocess
import sys

from app.base.idle_threads import ACTIVE_WAIT, let_idle_threads_sleep

_LOADS = """
import os
import app.ui.app
import sys
print("cv2" in sys.modules)
from app.base.idle_threads import let_idle_threads_sleep
let_idle_threads_sleep(os.environ)
import cv2
print(os.environ["{name}"])
"""


def load(**environ: str) -> subprocess.CompletedProcess[str]:
    script = f"import os; os.environ.update({environ!r}); import cv2"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_the_window_says_so_before_cv2_is_loaded() -> None:
    script = _LOADS.format(name=ACTIVE_WAIT)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "0"]


def test_cv2_reads_the_setting() -> None:
    environ: dict[str, str] = {}
    let_idle_threads_sleep(environ)
    assert load(**environ).returncode == 0
    # It is a number, and cv2 insists on that: so the name is the right one.
    assert load(**dict.fromkeys(environ, "soon")).returncode != 0


def test_what_the_user_has_set_stays() -> None:
    environ = {ACTIVE_WAIT: "7"}
    let_idle_threads_sleep(environ)
    assert environ == {ACTIVE_WAIT: "7"}
