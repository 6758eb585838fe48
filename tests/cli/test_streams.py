"""The command line with streams closed, broken, full, or unable to spell; and how soon it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import dispatch
from app.cli.main import run_command

Run = Callable[..., Any]
POSIX = pytest.mark.skipif(os.name != "posix", reason="speaks of POSIX descriptors")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


def maskroom(*words: object, after: str = "", **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program in a shell, with `after` behind its words."""
    command = 'exec "$@" ' + after
    return subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "app", *(os.fsencode(str(word)) for word in words)],
        capture_output=True,
        env={**os.environ, **variables},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["edit", "--help"], ["edit", "--nonsense"]])
def test_the_grammar_answers_without_loading_the_house(words: list[str]) -> None:
    script = (
        "import sys\nfrom app.__main__ import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'cv2', 'httpx', 'PIL', 'asyncio', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@POSIX
@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict"])
def test_a_name_that_cannot_be_spelled_costs_no_result(tmp_path: Path, encoding: str) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xe6\x97\xa5")
    Path(folder).mkdir()
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(f"{folder}/p.png")
    plane = np.zeros((20, 20), np.uint8)
    plane[5:9, 5:9] = 255
    Image.fromarray(plane).save(f"{folder}/m.png")
    words = ["edit", f"{folder}/p.png", "--mask", f"{folder}/m.png", "--model", "instant"]
    done = maskroom(*words, "--output", f"{folder}/o.png", "--json", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert result["output"] == f"{folder}/o.png"
    assert Path(f"{folder}/o.png").is_file()


@POSIX
def test_closed_streams_are_no_trouble(tmp_path: Path) -> None:
    done = maskroom("edit", tmp_path / "nothing.png", after="<&- >&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")


@FULL
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_a_sentence(unbuffered: str) -> None:
    done = maskroom("models", "--json", after=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert "the disk is full" in done.stderr.decode()


def test_a_fault_of_the_program_is_told_in_one_sentence_and_logged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, maskroom_home: Path
) -> None:
    async def broken(*_: object) -> int:
        raise ZeroDivisionError("planted")

    monkeypatch.setitem(dispatch.HANDLERS, "models", broken)
    assert run_command(["models"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("maskroom: ")
    assert "Traceback" not in told
    assert "planted" not in told
    assert "ZeroDivisionError: planted" in (maskroom_home / "logs" / "maskroom.log").read_text()


@POSIX
def test_terminate_cancels_also_while_the_program_still_loads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def terminated() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("app.cli.main.make_parser", terminated)
    try:
        assert run_command(["models"]) == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().err == "maskroom: Cancelled.\n"


def test_broken_settings_are_one_sentence(maskroom_home: Path) -> None:
    (maskroom_home / "settings.toml").write_text("= broken")
    done = maskroom("models")
    assert done.returncode == 0
    assert done.stderr.decode().count("\n") == 1
    assert (maskroom_home / "settings.broken.toml").read_text() == "= broken"
