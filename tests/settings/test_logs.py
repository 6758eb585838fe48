"""The log: on disk, without keys, and never in the way."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import logs
from app.settings.folders import Folders
from app.settings.logs import set_up_logging
from app.settings.secrets import Secrets

log = logging.getLogger("app.test")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "data")
    made.ensure()
    return made


@pytest.fixture(autouse=True)
def same_logging_afterwards() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    assert root.handlers == handlers
    assert root.level == level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_lines_and_tracebacks_are_written_without_keys(folders: Folders) -> None:
    secrets = Secrets({"MASKROOM_KEY_A": "my-secret-key"})
    end = set_up_logging(folders, secrets.redact)
    log.debug("too fine")
    log.info("asked with %s", "my-secret-key")
    try:
        raise ValueError("the header was my-secret-key")
    except ValueError:
        log.exception("it broke")
    logging.getLogger("httpcore").info("headers: x")
    end()
    log.warning("after the end")
    text = (folders.logs / "maskroom.log").read_text(encoding="utf-8")
    assert "INFO" in text
    assert "app.test: asked with …" in text
    assert "Traceback" in text
    assert "ValueError: the header was …" in text
    assert "my-secret-key" not in text
    assert "too fine" not in text
    assert "headers" not in text
    assert "after the end" not in text


def test_a_long_log_is_turned_over(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_BYTES", 2000)
    end = set_up_logging(folders, str, name="window")
    for number in range(200):
        log.info("line %d of a long log", number)
    end()
    names = sorted(path.name for path in folders.logs.iterdir())
    assert names == ["window.log", "window.log.1", "window.log.2", "window.log.3"]
    assert all(path.stat().st_size <= 2000 for path in folders.logs.iterdir())
    assert "line 199 of" in (folders.logs / "window.log").read_text()


def test_nothing_is_opened_before_the_first_line(folders: Folders) -> None:
    end = set_up_logging(folders, str)
    assert list(folders.logs.iterdir()) == []
    end()


def test_a_log_that_cannot_be_written_stops_nothing(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.logs.rmdir()
    folders.logs.write_bytes(b"a file where the folder should be")
    end = set_up_logging(folders, str)
    log.error("nowhere to go")
    end()
    assert capsys.readouterr().err == ""
