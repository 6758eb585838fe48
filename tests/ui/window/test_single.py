"""One window per data folder: a second one hands its files over, also after the first was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def start(*files: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, files)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def opened(home: Path, name: str, process: "subprocess.Popen[str]") -> None:
    """Wait until a photograph is open: then it is among the recent files."""
    settings, end = home / "settings.toml", time.monotonic() + 40
    while not (settings.is_file() and name in settings.read_text()):
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_second_window_hands_its_files_to_the_first(samples: Path, maskroom_home: Path) -> None:
    files = sorted(samples.glob("*.png")) + sorted(samples.glob("*.jpg"))
    first = start(files[0])
    try:
        while not (maskroom_home / "window.lock").exists():
            assert first.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)
        # The first one is the first now, but does not listen yet.
        second = start(files[1])
        assert second.communicate(timeout=40) == ("", "")
        assert second.returncode == 0
        opened(maskroom_home, files[0].name, first)
        opened(maskroom_home, files[1].name, first)
        # The command line stands beside it.
        listed = subprocess.run(
            [sys.executable, "-m", "app", "history", "list", "--json"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert listed.returncode == 0
        first.kill()
        first.communicate(timeout=20)
        third = start(files[2])
        try:
            opened(maskroom_home, files[2].name, third)
            fourth = start()
            assert fourth.communicate(timeout=40) == ("", "")
            assert fourth.returncode == 0
            third.send_signal(signal.SIGTERM)
            _, err = third.communicate(timeout=20)
            assert third.returncode == 0, err
            assert "Traceback" not in err
        finally:
            third.kill()
    finally:
        first.kill()
