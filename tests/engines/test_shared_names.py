"""The memory shared with the worker has no name that a killed program could leave behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.engines.shared import SharedBlock

HOLD = """
import sys, time
from app.engines.shared import SharedBlock
block = SharedBlock.create(1 << 16)
block.array(0, (4,))[...] = (1, 2, 3, 4)
print(block.path, flush=True)
time.sleep(60)
"""


def names() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("maskroom-*")}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the name goes a little later")
def test_another_process_sees_the_bytes_and_a_kill_leaves_nothing() -> None:
    before = names()
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        assert names() <= before
        block = SharedBlock.attach(path, 1 << 16)
        assert block.array(0, (4,)).tolist() == [1, 2, 3, 4]
        os.kill(process.pid, signal.SIGKILL)
    assert block.array(0, (4,)).tolist() == [1, 2, 3, 4]
    block.close()
    assert not path.exists()
