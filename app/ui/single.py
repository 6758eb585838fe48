"""One window per data folder: the first holds a lock, a second one hands its files over and ends.

The lock is the system's and goes with its holder, however that ends; a socket that a killed window left behind is
replaced by the next. The command line and `serve` stand beside the window and know nothing of this.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.base.file_lock import take
from app.settings.folders import Folders

PATIENCE = 10.0
"""Seconds in which the first window, which may just be starting, has to answer."""
STEP_MILLISECONDS = 200
DONE = b"ok\n"
LONGEST = 1 << 20
"""Bytes of one message."""


class SingleWindow(QObject):
    """The first window's ear; keep it as long as the window."""

    files_handed = Signal(list)
    """Paths from a second window, perhaps none: it wants to be seen."""

    def __init__(self, name: str, let_go: Callable[[], None]) -> None:
        super().__init__()
        self._let_go = let_go
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(name)
        self._server.listen(name)
        self._server.newConnection.connect(self._greet)

    def close(self) -> None:
        """Let the next window be the first one."""
        self._server.close()
        self._let_go()

    def _greet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._hear(socket))
            socket.disconnected.connect(socket.deleteLater)
            self._hear(socket)

    def _hear(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > LONGEST:
                socket.abort()
            return
        files = _files_in(bytes(socket.readLine(LONGEST).data()))
        socket.write(DONE)
        socket.flush()
        socket.disconnectFromServer()
        if files is not None:
            self.files_handed.emit(files)


def be_the_window(folders: Folders, paths: Sequence[Path]) -> Callable[[], None] | None:
    """The lock of the first window of a data folder, to be let go at its end; None: another had `paths` instead.

    Where no lock can be had, because the folder cannot be written, there is no second window to be found either.

    Raises:
        TimeoutError: there is another window, but it does not answer.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            folders.data.mkdir(parents=True, exist_ok=True)
            let_go = take(folders.window_lock)
        except OSError:
            return lambda: None
        if let_go is not None:
            return let_go
        if _hand_over(socket_name(folders), paths):
            return None
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(STEP_MILLISECONDS / 1000)


def socket_name(folders: Folders) -> str:
    """The name under which the window of a data folder listens: short, whatever the folder's own."""
    return "maskroom-" + hashlib.sha256(os.fsencode(folders.data.resolve())).hexdigest()[:24]


def _hand_over(name: str, paths: Sequence[Path]) -> bool:
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(STEP_MILLISECONDS):
        return False
    message = {"files": [os.fsencode(path.absolute()).hex() for path in paths]}
    socket.write(json.dumps(message).encode() + b"\n")
    deadline = time.monotonic() + PATIENCE
    while not socket.canReadLine() and time.monotonic() < deadline:
        if not socket.waitForReadyRead(STEP_MILLISECONDS) and not socket.isValid():
            break
    return bytes(socket.readLine(len(DONE) + 1).data()) == DONE


def _files_in(line: bytes) -> list[Path] | None:
    """The paths of a message; None where it is none."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        message: Any = json.loads(line)
        return [Path(os.fsdecode(bytes.fromhex(name))) for name in message["files"]]
    return None
