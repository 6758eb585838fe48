"""What becomes of a paused queue, a cancelled reply and a throttled request when the program is killed."""

import asyncio
import base64
import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by POSIX signals")


def picture() -> bytes:
    done, data = cv2.imencode(".png", np.full((64, 64, 3), 90, np.uint8))
    assert done
    return data.tobytes()


FIRST = json.dumps({"type": "image_edit.completed", "b64_json": base64.b64encode(picture()).decode()})
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
REPLIES = {
    "silence": b"",
    "half": STREAM + f"data: {FIRST}"[:200].encode(),
    "one of two": STREAM + f"data: {FIRST}\n\n".encode(),
    "busy": b"HTTP/1.1 429 Too Many\r\nRetry-After: 100\r\nContent-Length: 2\r\n\r\n{}",
}


class Scripted:
    """A gateway that begins its answer with `reply`, and never ends it."""

    reply = b""

    def __init__(self) -> None:
        self.asked = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            self.asked += 1
            writer.write(self.reply)
            await writer.drain()
            await reader.read(1)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The client was killed.
        finally:
            writer.close()


@pytest_asyncio.fixture
async def gateway(maskroom_home: Path) -> AsyncIterator[Scripted]:
    scripted = Scripted()
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    (maskroom_home / "providers.toml").write_text(
        '[providers.scripted]\ndialect = "openai-multipart"\nmodel = "m"\nneeds_key = false\nconcurrency = 1\n'
        f'base_url = "http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"\n'
    )
    yield scripted
    server.close()


async def kill_while(how: str, folder: Path) -> None:
    """Let a program come to that moment, and kill it there."""
    photograph = folder / "photo.png"
    photograph.write_bytes(picture())
    words = [sys.executable, "-m", "tests.kills.queuer", str(photograph), how]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), 120)
    if process.returncode is None and said:
        process.kill()
    _, faults = await process.communicate()
    assert said == (b"" if how == "cancel" else b"ready\n"), faults
    assert process.returncode == -9, faults


async def after_restarts(home: Path) -> dict[str, tuple[str, str | None, str | None]]:
    """Start the program twice, as the one who takes up what was left; the state, fault and hint of each prompt."""
    for _ in range(2):
        words = [sys.executable, "-m", "app", "history", "list"]
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
        assert await process.wait() == 0
    assert list((home / "spool").iterdir()) == []
    with closing(sqlite3.connect(home / "history" / "history.sqlite")) as database:
        rows = database.execute("SELECT prompt, state, error_code, error_hint FROM entries")
        return {prompt: (state, code, hint) for prompt, state, code, hint in rows}


def stored(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "history" / "history.sqlite")) as database:
        return [sha256 for (sha256,) in database.execute("SELECT received_sha256 FROM results")]


async def test_what_waited_in_a_paused_queue_was_not_sent_and_is_not(
    gateway: Scripted, maskroom_home: Path, tmp_path: Path
) -> None:
    await kill_while("pause", tmp_path)
    found = await after_restarts(maskroom_home)
    assert {prompt: (state, code) for prompt, (state, code, _) in found.items()} == {
        "one": ("interrupted", "interrupted"),
        "two": ("interrupted", "not_sent"),
        "three": ("interrupted", "not_sent"),
    }
    assert "billed" in (found["one"][2] or "")
    assert "Nothing was sent" in (found["two"][2] or "")
    assert gateway.asked <= 1


@pytest.mark.parametrize("how", ["cancel", "wound-up"])
async def test_a_cancel_in_the_middle_of_a_reply_stays_one(
    gateway: Scripted, maskroom_home: Path, tmp_path: Path, how: str
) -> None:
    gateway.reply = REPLIES["half"]
    await kill_while(how, tmp_path)
    state, _, _ = (await after_restarts(maskroom_home))["one"]
    assert state == ("cancelled" if how == "wound-up" else "interrupted")
    assert stored(maskroom_home) == []
    assert gateway.asked == 1


@pytest.mark.parametrize("how", ["cancel", "wound-up"])
async def test_an_image_that_came_before_the_cancel_is_kept(
    gateway: Scripted, maskroom_home: Path, tmp_path: Path, how: str
) -> None:
    gateway.reply = REPLIES["one of two"]
    await kill_while(how, tmp_path)
    state, _, _ = (await after_restarts(maskroom_home))["one"]
    assert state == ("cancelled" if how == "wound-up" else "done")
    assert stored(maskroom_home) == [hashlib.sha256(picture()).hexdigest()]
    assert gateway.asked == 1


async def test_a_request_that_the_provider_made_wait_is_not_sent_by_the_next_start(
    gateway: Scripted, maskroom_home: Path, tmp_path: Path
) -> None:
    gateway.reply = REPLIES["busy"]
    await kill_while("throttle", tmp_path)
    assert (await after_restarts(maskroom_home))["one"][0] == "interrupted"
    assert gateway.asked == 1
