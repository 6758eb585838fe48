"""The real window is killed while somebody paints, and what was painted is there again."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
EVERY = 1
"""Seconds between two times that the session is kept, here."""
PATIENCE = 120.0


def environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MASKROOM_HOME": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def painter(home: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.kills.painter", *words],
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]


def test_what_was_painted_is_there_after_a_kill(tmp_path: Path) -> None:
    home, photograph = tmp_path / "home", tmp_path / "photo.png"
    home.mkdir()
    (home / "settings.toml").write_text(f"[session]\nautosave = {EVERY}\n")
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (600, 900, 3), np.uint8)).save(photograph)
    for rest in (2.4, 3.1):
        with painter(home, str(photograph)) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(rest)
            process.kill()
            said = lines(first + process.stdout.read())
        killed = time.time()
        painted = {each["painted"]: each["at"] for each in said if "painted" in each}
        assert len(painted) > 5
        # What was kept last may be as old as the interval and the time that keeping takes, on a busy machine.
        with painter(home) as process:
            found = lines(process.communicate(timeout=PATIENCE)[0])
        documents = [each for each in found if "found" in each]
        assert documents, found
        newest = documents[-1]
        assert newest["found"] in painted, "the mask is none that there ever was"
        assert killed - painted[newest["found"]] < 60
        assert newest["found"] != next(iter(painted)), "nothing of what was painted"
        assert newest["modified"]
        assert newest["prompt"] == "what was typed"
        (notices,) = [each["notices"] for each in found if "notices" in each]
        assert any(text.startswith("Restored ") for text in notices)
