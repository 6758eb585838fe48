"""What every test stands on: no screen, nobody's data folder, nobody's keychain, the same draws each time.

Reference cycles are searched for after a test, on the thread of the tests, and never in any other: see
`app/ui/garbage.py`. A closed loop of Qt's is such a cycle; were it found elsewhere, its timers would stay behind
without it and crash the run when they fire, up to minutes later.
"""

import gc
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Programs that a test starts see a machine without a keychain, as a bare server is.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import keyring
import keyring.backend
import keyring.errors
import pytest

# Derandomised, so that a red test is red for everybody; HYPOTHESIS_PROFILE=search looks for new examples.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "search", hypothesis.settings.get_profile("repeatable"), derandomize=False
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


gc.disable()


def pytest_collection_finish() -> None:
    """What has been imported and collected stays: no search needs to look at it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Collect as the automatic search would: the youngest often, all of it seldom."""
    result = yield
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            break
    return result


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keychain that is forgotten with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        try:
            del self.passwords[service, username]
        except KeyError:
            raise keyring.errors.PasswordDeleteError(username) from None


@pytest.fixture(autouse=True)
def maskroom_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a data folder of its own; programs it starts inherit it."""
    home = tmp_path_factory.mktemp("maskroom-home")
    monkeypatch.setenv("MASKROOM_HOME", str(home))
    for name in list(os.environ):
        if name.startswith("MASKROOM_KEY_"):
            monkeypatch.delenv(name)
    return home


@pytest.fixture(autouse=True)
def keychain() -> Iterator[MemoryKeyring]:
    """Put a keychain in memory in the place of the system's, which no test may read or write."""
    before = keyring.get_keyring()
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of photographs that Maskroom ships."""
    return Path(__file__).resolve().parent.parent / "resources" / "samples"
