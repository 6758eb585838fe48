"""Real programs of other people and Maskroom's own, each a process on loopback.

`packaging/dev.py test peers` makes their environment and runs these tests; the usual run leaves them out.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.peers.relay import Relay, SlowGateway

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / ".venv-peers"
PEERS_PYTHON = PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MASKED = (slice(130, 180), slice(170, 240))
START_SECONDS = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for minutes is looked at last, when most of them have passed beside the others."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is not None)


def plain_environment(**more: str) -> dict[str, str]:
    """This process's environment without proxies: everything here is on loopback."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "NO_PROXY": "*", **more}


@pytest.fixture(scope="session")
def peers_python() -> Path:
    """The interpreter that has the peers."""
    if not PEERS_PYTHON.exists():
        pytest.skip("the peers are not set up: python3 packaging/dev.py test peers")
    return PEERS_PYTHON


@dataclass(frozen=True)
class Subject:
    """A photograph and its mask, as files."""

    photograph: Path
    mask: Path
    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    keep: np.ndarray[Any, np.dtype[np.bool_]]
    """(h, w): True where nothing may change."""


@pytest.fixture(scope="session")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("subject")
    rng = np.random.default_rng(4)
    ys, xs = np.mgrid[:300, :400]
    pixels = np.stack([xs // 2, ys // 2, 200 - xs // 4], axis=2) + rng.integers(0, 20, (300, 400, 3))
    pixels = pixels.astype(np.uint8)
    coverage = np.zeros((300, 400), np.uint8)
    coverage[MASKED] = 255
    Image.fromarray(pixels).save(folder / "photo.png")
    Image.fromarray(coverage).save(folder / "mask.png")
    return Subject(folder / "photo.png", folder / "mask.png", pixels, coverage == 0)


@dataclass(frozen=True)
class Outcome:
    """What one command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def maskroom_command(*words: object) -> list[str]:
    return [sys.executable, "-P", "-m", "app", *map(str, words)]


@pytest.fixture
def maskroom(maskroom_home: Path) -> Callable[..., Outcome]:
    """Run one command line as a person does, with a data folder of the test's own."""

    def run(*words: object) -> Outcome:
        done = subprocess.run(
            maskroom_command(*words),
            cwd=ROOT,
            env=plain_environment(MASKROOM_KEY_PEER=LITELLM_KEY, PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block lasts, with a file for what it says."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=log.parent, env=plain_environment(**environment), stdout=said, stderr=said
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when something answers at `url`."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < end, log.read_text("utf-8", "replace")
            time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real `maskroom serve`."""
    folder = tmp_path_factory.mktemp("serve")
    log, port = folder / "log.txt", free_port()
    home = {"MASKROOM_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    with running(maskroom_command("serve", "--port", port), log, **home) as process:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="session")
def relay_to() -> Iterator[Callable[[str], Relay]]:
    """Makes relays that write down what passes through them."""
    made: list[Relay] = []

    def make(target: str) -> Relay:
        made.append(Relay(target))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


LITELLM_KEY = "sk-only-for-this-test-4711"


@pytest.fixture(scope="session")
def behind_litellm(served: str, relay_to: Callable[[str], Relay]) -> Relay:
    """What stands behind the proxy: a relay to Maskroom's own server."""
    return relay_to(served)


@pytest.fixture(scope="session")
def litellm(
    peers_python: Path, behind_litellm: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of a LiteLLM proxy with one model, Maskroom's."""
    folder = tmp_path_factory.mktemp("litellm")
    log, port = folder / "log.txt", free_port()
    model = {
        "model_name": "patchmatch",
        "litellm_params": {
            "model": "openai/patchmatch",
            "api_base": behind_litellm.base_url,
            "api_key": "any",
        },
    }
    config = folder / "config.yaml"
    config.write_text(json.dumps({"model_list": [model], "litellm_settings": {"num_retries": 0}}))
    command = [
        str(peers_python.parent / "litellm"),
        *("--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"),
    ]
    environment = {
        "LITELLM_MASTER_KEY": LITELLM_KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
    }
    with running(command, log, **environment) as process:
        wait_for(f"http://127.0.0.1:{port}/health/liveliness", process, log)
        yield f"http://127.0.0.1:{port}/v1"


@dataclass
class SlowEdit:
    """An edit whose answer takes minutes, begun with the run."""

    process: subprocess.Popen[str]
    output: Path
    began: float


SLOW_SECONDS = 240


@pytest.fixture(scope="session", autouse=True)
def slow_edit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, subject: Subject
) -> Iterator[SlowEdit | None]:
    """Begins before the first test where a test will ask for it, and waits beside all others."""
    if not any(item.get_closest_marker("timeout") for item in request.session.items):
        yield None
        return
    folder = tmp_path_factory.mktemp("slow")
    gateway = SlowGateway(SLOW_SECONDS)
    environment = plain_environment(MASKROOM_HOME=str(folder / "home"), PYTHONPATH=str(ROOT))
    set_up = maskroom_command(
        *("providers", "set", "slow", "--dialect", "openai-multipart"),
        *("--base-url", gateway.base_url, "--model", "any"),
    )
    subprocess.run(set_up, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)
    edit = maskroom_command(
        *("edit", subject.photograph, "--mask", subject.mask, "--provider", "slow"),
        *("--prompt", "wait", "--output", folder / "out.png", "--json"),
    )
    began = time.monotonic()
    process = subprocess.Popen(
        edit, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield SlowEdit(process, folder / "out.png", began)
    if process.poll() is None:
        process.kill()
    process.communicate()
    gateway.close()
