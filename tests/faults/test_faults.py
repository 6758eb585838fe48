"""Disks that refuse and clocks that jump, under the real program: nothing else is lost, and it says what to do.

The faults come from a library that is loaded before the system's, see `shim.c`; nothing of Maskroom is replaced.
"""

import base64
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PICTURE = cv2.imencode(".png", np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
SHA256 = hashlib.sha256(PICTURE).hexdigest()

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="loads a library the Linux way"),
]


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).parent / "shim.c"
    made = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"the compiler cannot make it: {made.stderr[-300:]}")
    return library


@dataclass
class Studio:
    """A gateway that answers with a grey picture, and a person's command line before it."""

    home: Path
    folder: Path
    shim: Path
    asked: int = 0
    on_request: Callable[[], object] = lambda: None
    cut_after: int | None = None

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "app", *map(str, words)]

    @property
    def edit(self) -> list[str]:
        photograph, mask = self.folder / "photo.png", self.folder / "mask.png"
        out = self.folder / "out.png"
        words = ("edit", photograph, "--mask", mask, "--provider", "studio", "--prompt", "a red door")
        return self.command(*words, "--output", out)

    def run(self, words: list[str], **faults: object) -> "subprocess.CompletedProcess[str]":
        """Run a command under faults, to its end."""
        with self.start(words, **faults) as process:
            out, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def start(self, words: list[str], **faults: object) -> "subprocess.Popen[str]":
        environ = {**os.environ, **{f"FAULT_{name.upper()}": str(value) for name, value in faults.items()}}
        if faults:
            environ["LD_PRELOAD"] = str(self.shim)
        return subprocess.Popen(
            words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def history(self) -> list[dict[str, Any]]:
        done = self.run(self.command("history", "list", "--json"))
        assert done.returncode == 0, done.stderr
        entries: list[dict[str, Any]] = json.loads(done.stdout)["entries"]
        return entries


@pytest.fixture
def studio(maskroom_home: Path, tmp_path: Path, shim: Path) -> Iterator[Studio]:
    made = Studio(maskroom_home, tmp_path, shim)
    cv2.imwrite(
        str(tmp_path / "photo.png"), np.random.default_rng(3).integers(0, 256, (120, 160, 3), np.uint8)
    )
    mask = np.zeros((120, 160), np.uint8)
    mask[40:70, 60:100] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    reply = json.dumps({"data": [{"b64_json": base64.b64encode(PICTURE).decode()}]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            made.asked += 1
            made.on_request()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply[: made.cut_after])

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    (maskroom_home / "providers.toml").write_text(
        '[providers.studio]\ndialect = "openai-multipart"\nmodel = "m"\nneeds_key = false\n'
        f'base_url = "http://127.0.0.1:{server.server_port}/v1"\n'
    )
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("where", "number", "said"),
    [
        ("/history/images", errno.ENOSPC, "the disk is full. Free some space"),
        ("/history/history.sqlite", errno.EIO, "reported a fault. Check the disk"),
        ("/history/history.sqlite", errno.EROFS, "cannot be opened for writing. Change the folder"),
    ],
)
def test_nothing_is_sent_where_the_history_cannot_be_written(
    studio: Studio, where: str, number: int, said: str
) -> None:
    before = studio.history()
    done = studio.run(studio.edit, path=where, errno=number)
    assert done.returncode == 2
    assert said in done.stderr
    assert studio.asked == 0
    assert studio.history() == before == []


def test_a_spool_that_fails_while_a_reply_comes_costs_nothing(studio: Studio) -> None:
    done = studio.run(studio.edit, path="/spool/", errno=errno.EIO)
    assert done.returncode == 0, done.stderr
    (entry,) = studio.history()
    assert [result["received_sha256"] for result in entry["results"]] == [SHA256]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_reply_that_no_disk_takes_is_held_until_one_does(studio: Studio, number: int) -> None:
    full = studio.folder / "full"
    studio.on_request = full.touch
    with studio.start(studio.edit, path=str(studio.home), errno=number, when=full) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "held in memory" in line
        assert ("disk is full" in line) == (number == errno.ENOSPC)
        full.unlink()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    (entry,) = studio.history()
    assert entry["state"] == "done"
    assert [result["received_sha256"] for result in entry["results"]] == [SHA256]
    assert studio.asked == 1


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_data_folder_that_cannot_be_written_is_told_with_the_way_on(studio: Studio, number: int) -> None:
    done = studio.run(studio.edit, path=str(studio.home), errno=number)
    assert done.returncode == 2
    assert "MASKROOM_HOME" in done.stderr
    assert studio.asked == 0
    assert studio.history() == []


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_jumps_changes_nothing_but_the_date(studio: Studio, jump: int) -> None:
    clock = studio.folder / "clock"
    clock.write_text("0")
    studio.on_request = lambda: clock.write_text(str(jump))
    ids = []
    for _ in range(2):
        assert studio.run(studio.edit, clock=clock).returncode == 0
        ids = [entry["id"] for entry in studio.history()]
    assert len(set(ids)) == 2
    for id in ids:
        shown = json.loads(studio.run(studio.command("history", "show", id)).stdout)
        assert 0 <= shown["seconds"] < 60
        assert shown["state"] == "done"


def test_a_line_that_breaks_in_a_reply_is_told_and_leaves_the_rest(studio: Studio) -> None:
    assert studio.run(studio.edit).returncode == 0
    studio.cut_after = 60
    done = studio.run(studio.edit)
    assert done.returncode == 4
    assert "may have been billed" in done.stderr
    assert studio.asked == 2
    new, old = studio.history()
    assert (new["state"], old["state"]) == ("failed", "done")
    assert list((studio.home / "spool").iterdir()) == []


SMALL_DISK = """
mount -t tmpfs -o size=3m tmpfs "$1" || exit 77
cp "$2"/* "$1"
"$3" -m app history list || exit 1
head -c 100000000 /dev/zero > "$1/filler" 2> /dev/null
shift 3
"$@"
echo "full: $?"
rm "$MASKROOM_HOME/filler"
"$@"
echo "freed: $?"
"$1" -m app history list
"""


def test_a_disk_that_is_really_full_is_told_and_used_again_once_there_is_room(studio: Studio) -> None:
    unshare = shutil.which("unshare")
    disk, settings = studio.folder / "disk", studio.folder / "settings"
    disk.mkdir()
    settings.mkdir()
    shutil.copy(studio.home / "providers.toml", settings)
    if unshare is None:
        pytest.skip("this machine has no unshare")
    words = [unshare, "-rm", "sh", "-c", SMALL_DISK, "sh", disk, settings, sys.executable, *studio.edit]
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env={**os.environ, "MASKROOM_HOME": str(disk)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77 or "Operation not permitted" in done.stderr:
        pytest.skip("this machine does not let a test mount a disk")
    assert "full: 2" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    assert "disk is full" in done.stderr
    assert "freed: 0" in done.stdout, done.stderr
    assert done.stdout.rstrip().splitlines()[-1].split()[2] == "done"
    assert studio.asked == 1
