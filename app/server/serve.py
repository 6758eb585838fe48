"""The server on a loopback port, for other programs on this machine: uvicorn, started and stopped cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn

from app.base.errors import UsageError
from app.base.text import tr
from app.engines.host import EngineHost
from app.server.app import create_app

ADDRESS = "127.0.0.1"
STOP_SECONDS = 1
"""How long a running request may go on after the server was told to stop."""


async def serve(host: EngineHost, port: int, *, on_ready: Callable[[str], None]) -> None:
    """Serve until the awaiting task is cancelled. `port` 0 takes a free one; `on_ready` gets the base URL.

    Raises:
        UsageError: the port is in use or not allowed.
    """
    with contextlib.closing(_bound_socket(port)) as listener:
        base_url = f"http://{ADDRESS}:{listener.getsockname()[1]}/v1"
        server = _Server(
            uvicorn.Config(
                create_app(host),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=STOP_SECONDS,
            ),
            lambda: on_ready(base_url),
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            server.should_exit = True
            await running
            raise


def _bound_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise UsageError(
            tr("Port {port} is in use.", port=port)
            if taken
            else tr("Port {port} cannot be opened.", port=port),
            tr("Choose another one, or 0 for a free one."),
            details=repr(error),
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which belong to the program, and with a word when it listens."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
