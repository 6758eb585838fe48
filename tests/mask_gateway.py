"""A gateway on loopback that has models and paints over pictures: as the mask says, against it, or regardless."""

import asyncio
import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import numpy as np
from PIL import Image

MAGENTA = (230, 20, 220)
Array = np.ndarray[Any, np.dtype[np.uint8]]
Paint = Callable[[Array, Array], Array]
"""Takes the picture and where the mask says to edit (as bool), and gives where it paints (as bool)."""


def honour(picture: Array, edit: Array) -> Array:
    return edit


def turn_round(picture: Array, edit: Array) -> Array:
    return ~edit


def ignore(picture: Array, edit: Array) -> Array:
    return np.ones_like(edit)


def do_nothing(picture: Array, edit: Array) -> Array:
    return np.zeros_like(edit)


@dataclass
class MaskGateway:
    """Answers `GET /v1/models` and `POST /v1/images/edits`; the mask's transparent pixels are to be edited."""

    paint: Paint = honour
    models: object = field(default_factory=lambda: {"data": [{"id": "m"}, {"id": "other"}]})
    status: int = 200
    complaint: object = None
    """What it says instead of a picture, whatever the status."""
    echoes_key: bool = False
    key: str | None = None
    """The key it asks for."""
    fields: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    """Set: answers wait for it."""
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method = head[0].partition(" ")[0]
            headers = {
                name.lower(): value.strip()
                for name, colon, value in (line.partition(":") for line in head[1:])
                if colon
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.headers.append(headers)
            if self.hold is not None:
                await self.hold.wait()
            status, content = self._answer(method, headers, body)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
                + data
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, method: str, headers: dict[str, str], body: bytes) -> tuple[int, object]:
        sent = headers.get("authorization", "")
        if self.key is not None and sent != f"Bearer {self.key}":
            said = f"bad key {sent}" if self.echoes_key else "no"
            return 401, {"error": {"message": said, "code": "invalid_api_key"}}
        if self.complaint is not None or self.status != 200:
            return self.status, self.complaint if not self.echoes_key else f"no: {sent} {dict(headers)}"
        return (200, self.models) if method == "GET" else (200, self._edited(headers["content-type"], body))

    def _edited(self, content_type: str, body: bytes) -> object:
        message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=HTTP)
        parts = {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
            for part in message.iter_parts()
        }
        files = {"image", "mask"}
        self.fields.append({name: data.decode() for name, data in parts.items() if name not in files})
        picture = np.array(Image.open(io.BytesIO(parts["image"])).convert("RGB"))
        edit = np.array(Image.open(io.BytesIO(parts["mask"])).convert("RGBA"))[..., 3] == 0
        picture[self.paint(picture, edit)] = MAGENTA
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        return {"created": 1, "data": [{"b64_json": base64.b64encode(file.getvalue()).decode()}]}
