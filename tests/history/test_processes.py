"""Several processes share one history, and any of them may be killed at any moment."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.base.states import JobState
from app.history.owner import is_alive, this_process
from app.history.store import HistoryStore
from tests.history.making import add_entry

ROOT = Path(__file__).resolve().parent.parent.parent


def start_child(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.history.child", str(folder), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def open_store(folder: Path) -> HistoryStore:
    store = HistoryStore(folder)
    store.open()
    return store


def test_processes_create_and_fill_one_store_at_once(tmp_path: Path) -> None:
    children = [start_child(tmp_path, "15") for _ in range(3)]
    said = [child.communicate(timeout=60)[0].split() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    store = open_store(tmp_path)
    entries = store.list(1000)
    assert {entry.id for entry in entries} == {id for words in said for id in words[0::3]}
    assert len(entries) == 45
    for entry in entries:
        assert entry.state is JobState.DONE
        assert store.read_file(entry.results[0].received_sha256).startswith(f"image {entry.id}".encode())
    assert {entry.id for entry in store.search("numb 7", limit=100)} == {
        entry.id for entry in entries if entry.prompt == "number 7"
    }
    store.close()


def test_nothing_stored_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    chance = random.Random(5)
    known: dict[str, tuple[str, str]] = {}
    for _ in range(5):
        child = start_child(tmp_path, "0")
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(chance.uniform(0.0, 0.15))
        child.kill()
        rest, _ = child.communicate(timeout=30)
        for line in (lines[0] + rest).splitlines(keepends=True):
            if line.endswith("\n"):
                entry_id, result_id, name = line.split()
                known[result_id] = (entry_id, name)
        store = open_store(tmp_path)
        unfinished = {entry.id for entry in store.abandoned()}
        assert len(unfinished) <= 1
        assert store.interrupt_unfinished() == len(unfinished)
        assert all(store.get(id).state is JobState.INTERRUPTED for id in unfinished)
        assert store.interrupt_unfinished() == 0
        for result_id, (entry_id, name) in known.items():
            entry = store.entry_of_result(result_id)
            assert entry.id == entry_id
            assert store.read_file(name) == f"image {entry_id} ".encode() * 500
        # What was not announced in time is whole too, or not there.
        for entry in store.list(100_000):
            for result in entry.results:
                store.read_file(result.received_sha256)
        store.close()
    assert len(known) >= 5


def test_only_what_dead_processes_left_is_interrupted(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    own = add_entry(store)
    done = add_entry(store, state=JobState.DONE)
    child = start_child(tmp_path, "2", "unfinished")
    assert child.stdout is not None
    theirs = [child.stdout.readline().split()[0] for _ in range(2)]
    assert store.abandoned() == ()
    assert store.interrupt_unfinished() == 0
    child.kill()
    child.communicate(timeout=30)
    assert [entry.id for entry in store.abandoned()] == list(reversed(theirs))
    assert store.interrupt_unfinished() == 2
    assert {entry.id: entry.state for entry in store.list()} == {
        own.id: JobState.QUEUED,
        done.id: JobState.DONE,
        theirs[0]: JobState.INTERRUPTED,
        theirs[1]: JobState.INTERRUPTED,
    }
    store.delete(theirs[0])
    store.close()


def test_what_a_dead_process_left_can_be_finished_from_its_spool(tmp_path: Path) -> None:
    child = start_child(tmp_path, "1", "unfinished")
    assert child.stdout is not None
    child.stdout.readline()
    child.kill()
    child.communicate(timeout=30)
    store = open_store(tmp_path)
    [entry] = store.abandoned()
    store.set_state(entry.id, JobState.DONE)
    assert store.interrupt_unfinished() == 0
    assert store.get(entry.id).state is JobState.DONE
    store.close()


def test_a_process_id_that_was_given_out_again_is_another_process() -> None:
    assert is_alive(this_process())
    pid, _, start = this_process().partition("@")
    assert int(pid) == os.getpid()
    assert start
    assert not is_alive(f"{pid}@{start}0")
    assert not is_alive("")
    assert not is_alive("@")


FULL_DISK = """
import sys
from pathlib import Path
from app.base.errors import StoreError
from app.history.store import HistoryStore
from tests.history.making import add_entry, add_result

store = HistoryStore(Path(sys.argv[1]))
store.open()
stored = []
try:
    while True:
        entry = add_entry(store, "as long as there is room " * 40)
        stored.append(add_result(store, entry, received=entry.id.encode() * 3000))
except StoreError as error:
    print(error.message, "|", error.hint)
for result in stored:
    assert len(store.read_file(store.entry_of_result(result.id).results[0].received_sha256)) == 96000
store.close()
again = HistoryStore(Path(sys.argv[1]))
again.open()
assert len(again.list(1000)) >= len(stored) > 2
again.close()
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="needs a disk of its own, which only Linux makes in a test"
)
def test_a_full_disk_is_told_and_damages_nothing(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    mount = 'mount -t tmpfs -o size=3m tmpfs "$0"'
    if unshare is None or subprocess.run([unshare, "-rm", "sh", "-c", mount, tmp_path]).returncode:
        pytest.skip("this machine does not let a test mount a disk")
    done = subprocess.run(
        [
            unshare,
            "-rm",
            "sh",
            "-c",
            mount + ' && exec "$1" -c "$2" "$0"',
            tmp_path,
            sys.executable,
            FULL_DISK,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "disk is full" in done.stdout
    assert "Free some space" in done.stdout
