"""What a reply comes to when the program is killed, or the disk refuses, between its first byte and its last."""

from __future__ import annotations

import base64
import hashlib
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

Run = Callable[..., Any]


@pytest.fixture
def studio(maskroom: Run, gateway: Any) -> Any:
    """The scripted gateway as a provider that answers with a grey picture."""
    maskroom(
        "providers", "set", "studio", "--dialect", "openai-multipart",
        "--base-url", gateway.base_url, "--model", "m",
    )  # fmt: skip
    gateway.answer_with(np.full((64, 64, 3), 90, np.uint8))
    return gateway


@pytest.fixture
def edit(photograph: Path, mask: Path, tmp_path: Path) -> list[str]:
    """An edit as a program of its own, whose end the next start can see."""
    words = ["edit", photograph, "--mask", mask, "--provider", "studio", "--output", tmp_path / "out.png"]
    return [sys.executable, "-m", "app", *map(str, words)]


def received(gateway: Any) -> bytes:
    return base64.b64decode(json.loads(gateway.reply)["data"][0]["b64_json"])


def wait_for(folder: Path, pattern: str) -> None:
    deadline = time.monotonic() + 30
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_reply_that_came_whole_is_kept_when_the_rest_is_cancelled(
    maskroom: Run, studio: Any, edit: list[str], maskroom_home: Path, name: str
) -> None:
    studio.stall_from = 2
    with subprocess.Popen([*edit, "--n", "11"], stderr=subprocess.PIPE) as process:
        try:
            wait_for(maskroom_home / "spool", "*.reply")
            process.send_signal(signal.Signals[name])
            _, err = process.communicate(timeout=30)
        except BaseException:
            process.kill()
            raise
    assert b"Traceback" not in err
    assert process.returncode == (-9 if name == "SIGKILL" else 130)
    assert (b"may still bill" in err) == (name != "SIGKILL")
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    assert entry["state"] == ("done" if name == "SIGKILL" else "cancelled")
    assert [r["received_sha256"] for r in entry["results"]] == [hashlib.sha256(received(studio)).hexdigest()]
    assert list((maskroom_home / "spool").iterdir()) == []
    assert maskroom("history", "export", entry["id"], "--output", maskroom_home / "o.png").code == 0


def test_half_a_reply_of_a_killed_program_is_interrupted_and_cleared_away(
    maskroom: Run, studio: Any, edit: list[str], maskroom_home: Path
) -> None:
    studio.stall_from = 1
    with subprocess.Popen(edit, stderr=subprocess.DEVNULL) as process:
        wait_for(maskroom_home / "spool", "*.part")
        process.kill()
    listed = maskroom("history", "list", "--json")
    assert [entry["state"] for entry in listed.json["entries"]] == ["interrupted"]
    assert "cut off" in listed.err
    assert list((maskroom_home / "spool").iterdir()) == []


def test_a_reply_that_the_history_cannot_take_waits_for_the_next_start(
    maskroom: Run, studio: Any, edit: list[str], maskroom_home: Path
) -> None:
    sha256 = hashlib.sha256(received(studio)).hexdigest()
    obstacle = maskroom_home / "history" / "images" / sha256[:2] / sha256
    obstacle.mkdir(parents=True)
    done = subprocess.run(edit, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "The reply is kept" in done.stderr
    assert "Traceback" not in done.stderr
    still = maskroom("history", "list", "--json").json["entries"]
    assert [(entry["state"], entry["results"]) for entry in still] == [("receiving", [])]
    obstacle.rmdir()
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    assert entry["state"] == "done"
    assert [result["received_sha256"] for result in entry["results"]] == [sha256]
    assert list((maskroom_home / "spool").iterdir()) == []
    assert len(studio.bodies) == 1


def test_a_damaged_history_is_told_with_the_way_on_and_rebuilt(
    maskroom: Run, studio: Any, edit: list[str], maskroom_home: Path
) -> None:
    assert subprocess.run(edit, capture_output=True, check=False).returncode == 0
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    database = maskroom_home / "history" / "history.sqlite"
    (maskroom_home / "history" / "history.sqlite.backup").write_bytes(database.read_bytes())
    database.write_bytes(b"something else " * 3000)
    for words in (("history", "list"), edit[3:]):
        refused = maskroom(*words)
        assert refused.code == 2
        assert "maskroom history rebuild" in refused.err
    assert len(studio.bodies) == 1
    rebuilt = maskroom("history", "rebuild", "--json")
    assert rebuilt.code == 0
    assert rebuilt.json["entries"] == 1
    assert Path(rebuilt.json["old"]).read_bytes() == b"something else " * 3000
    assert maskroom("history", "list", "--json").json["entries"] == [entry]
    assert "holds one entry" in maskroom("history", "rebuild").out


def test_a_missing_image_costs_that_image_alone(
    maskroom: Run, studio: Any, edit: list[str], maskroom_home: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        assert subprocess.run(edit, capture_output=True, check=False).returncode == 0
        studio.answer_with(np.full((64, 64, 3), 40, np.uint8))
    new, old = maskroom("history", "list", "--json").json["entries"]
    sha256 = new["results"][0]["received_sha256"]
    (maskroom_home / "history" / "images" / sha256[:2] / sha256).unlink()
    lost = maskroom("history", "export", new["id"], "--output", tmp_path / "new.png")
    assert lost.code == 2
    assert "missing" in lost.err
    assert "backup" in lost.err
    assert maskroom("history", "export", old["id"], "--output", tmp_path / "old.png").code == 0
    assert len(maskroom("history", "list", "--json").json["entries"]) == 2
