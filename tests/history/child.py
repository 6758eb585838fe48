"""A second process on the same history: `python -m tests.history.child FOLDER COUNT [unfinished]`.

Adds COUNT entries (0 = until it is killed) with one result each, and prints a result's id and its file's
name as soon as the result is stored. With `unfinished` it leaves them running and waits for its input to end.
"""

import itertools
import sys
from pathlib import Path

from app.base.states import JobState
from app.history.store import HistoryStore
from tests.history.making import add_entry, add_result


def main(folder: str, count: str, *options: str) -> None:
    store = HistoryStore(Path(folder))
    store.open()
    for number in itertools.count() if count == "0" else range(int(count)):
        entry = add_entry(store, f"number {number}", source=b"one photograph")
        store.set_state(entry.id, JobState.RUNNING)
        result = add_result(store, entry, received=f"image {entry.id} ".encode() * 500)
        if "unfinished" not in options:
            store.set_state(entry.id, JobState.DONE)
        print(entry.id, result.id, result.received_sha256, flush=True)
    if "unfinished" in options:
        sys.stdin.read()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
