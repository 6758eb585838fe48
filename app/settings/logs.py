"""The log files: a few rotating ones in the data folder, with every key taken out.

Nothing is set up at import; the program's entry does it once. Logging never stops the program: a full
disk or a folder that cannot be written costs lines of the log and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler

from app.settings.folders import Folders

LINE = "%(asctime)s %(levelname)-7s %(process)d %(name)s: %(message)s"
MOST_BYTES = 1_000_000
OLDER_FILES = 3

# They log headers, and so keys, or every step of a request, below these levels.
QUIET = {
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "PIL": logging.WARNING,
    "asyncio": logging.WARNING,
}


class RedactingFormatter(logging.Formatter):
    """Formats a record with its traceback, then takes the keys out of the whole."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__(LINE)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


class LogFile(RotatingFileHandler):
    """A rotating file that is opened at its first line and bears its own failures in silence."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Drop the line: there is no better place to tell of a log that cannot be written."""


def set_up_logging(
    folders: Folders, redact: Callable[[str], str], level: int = logging.INFO, *, name: str = "maskroom"
) -> Callable[[], None]:
    """Send all log records of this process to `<data>/logs/<name>.log`; returns the function that ends it."""
    handler = LogFile(
        folders.logs / f"{name}.log",
        maxBytes=MOST_BYTES,
        backupCount=OLDER_FILES,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(RedactingFormatter(redact))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    for noisy, quiet_level in QUIET.items():
        logging.getLogger(noisy).setLevel(quiet_level)

    def end() -> None:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()

    return end
