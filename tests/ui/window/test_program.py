"""The program as a process: no display, and ends from outside."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ui.window.conftest import Window

ROOT = Path(__file__).resolve().parents[3]


def _start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_without_a_display_it_says_so_in_a_sentence() -> None:
    environ = {key: value for key, value in os.environ.items() if "DISPLAY" not in key}
    environ["QT_QPA_PLATFORM"] = "xcb"
    done = subprocess.run(
        [sys.executable, "-m", "app"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if sys.platform.startswith("linux"):
        assert done.returncode == 2
        assert "display" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_in_order(
    number: signal.Signals, code: int, samples: Path, maskroom_home: Path
) -> None:
    process = _start(str(samples / "chelsea.png"))
    try:
        # The recent file is written once the photograph is open: everything is up by then.
        end = time.monotonic() + 30
        settings = maskroom_home / "settings.toml"
        while not (settings.is_file() and "chelsea" in settings.read_text()):
            assert time.monotonic() < end
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == code, errors
    assert "Traceback" not in errors + output


async def test_every_line_is_logged_once(window: Window, maskroom_home: Path) -> None:
    logging.getLogger("app.ui").warning("a line like no other")
    written = "".join(path.read_text() for path in (maskroom_home / "logs").rglob("*") if path.is_file())
    assert written.count("a line like no other") == 1
