"""A gateway on loopback that records raw bytes and answers from a script, and requests to send to it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from app.base.geometry import Rect, Size
from app.edits.cut import cut_request
from app.edits.plan import plan_edit
from app.edits.types import Context, EditRequest, SizeRule
from app.gateways.catalogue import Catalogue, load_catalogue
from app.gateways.client import GatewayClient
from app.gateways.provider_settings import ProviderSettings
from app.gateways.providers import ProviderStore
from app.gateways.types import Profile
from app.imaging.arrays import U8
from app.imaging.codecs import encode_png


@dataclass(frozen=True)
class Recorded:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Answer:
    """What the gateway does with one request."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delay: float = 0.0
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""
    pieces: tuple[bytes, ...] = ()
    """A body of unknown length in place of `body`: each piece is on its way before the next is written."""
    stays_open: bool = False
    """Send nothing more after the body, but do not close before the client does."""
    before_body: Callable[[], object] = lambda: None


class ScriptedGateway:
    """A plain HTTP/1.1 server: one connection, one request, one answer of the script (the last one repeats)."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.script: list[Answer] = [Answer()]
        self.open_now = 0
        self.most_open = 0
        self.closed_early = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def root(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed_early.set()
        finally:
            self.open_now -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _version = head[0].split(" ")
        headers = tuple(
            (name, value.strip())
            for name, _colon, value in (line.partition(":") for line in head[1:] if line)
        )
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        self.requests.append(Recorded(method, target, headers, await reader.readexactly(length)))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        gone = asyncio.ensure_future(reader.read(1))
        done, _waiting = await asyncio.wait({gone}, timeout=answer.delay)
        if done:
            self.closed_early.set()
            return
        gone.cancel()
        lines = [f"HTTP/1.1 {answer.status} X", "Connection: close"]
        if not answer.pieces:
            lines.append(f"Content-Length: {len(answer.body)}")
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        answer.before_body()
        writer.write(answer.body[: answer.cut_after])
        await writer.drain()
        for piece in answer.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)
        if answer.stays_open:
            await reader.read(1)
            self.closed_early.set()


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    server = ScriptedGateway()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def profile(catalogue: Catalogue, gateway: ScriptedGateway, tmp_path: Path) -> Profile:
    """A user's own provider at the scripted gateway; its model takes everything."""
    store = ProviderStore(tmp_path / "data", catalogue)
    return store.save(
        ProviderSettings("mine", dialect="openai-multipart", base_url=gateway.root + "/v1", model="any-model")
    )


class Pauses:
    """A clock that only moves when somebody sleeps, and remembers for how long."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(tmp_path: Path, pauses: Pauses) -> GatewayClient:
    return GatewayClient(lambda profile: None, tmp_path / "spool", sleep=pauses.sleep, clock=pauses.clock)


@pytest.fixture
def small_picture() -> U8:
    rows, columns = np.mgrid[0:40, 0:60]
    return np.stack((rows * 6, columns * 4, (rows + columns) * 2), axis=2).astype(np.uint8)


@pytest.fixture
def edit(small_picture: U8) -> EditRequest:
    """A request of 60x40 pixels, sent as it is, with a mask of 8x6."""
    plan = plan_edit(Size(60, 40), Rect(20, 10, 8, 6), Context(whole=True), SizeRule())
    coverage = np.zeros((40, 60), np.uint8)
    coverage[10:16, 20:28] = 255
    return cut_request(
        id="0a1b2c",
        document_id="d",
        document_name="holiday in secret place.png",
        plan=plan,
        picture=small_picture,
        coverage=coverage,
        prompt="a lamp",
        provider="mine",
        model="any-model",
    )


@pytest.fixture
def png(small_picture: U8) -> bytes:
    return encode_png(255 - small_picture)


@pytest.fixture
def good(png: bytes) -> bytes:
    """A plain good reply with one image."""
    return reply_of(png)


def reply_of(*pictures: bytes, **more: object) -> bytes:
    data = [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures]
    return json.dumps({"created": 1, "data": data, **more}).encode()


@pytest.fixture
def make_reply() -> Callable[..., bytes]:
    return reply_of


@pytest.fixture
def make_answer() -> Callable[..., Answer]:
    return Answer
