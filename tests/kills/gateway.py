"""A scripted gateway as a process of its own: `python -m tests.kills.gateway LOG`; prints its base URL.

It writes what happens to LOG as lines of JSON, each with a moment of the clock that all processes share:
`asked` when a request is here whole, `reply` before the first byte of its answer, `sent` after the last, and
`closed` when the client has closed the line, which it does once it has what it wanted, or when it dies.
Where the line breaks before the answer is out, or at the end instead of being closed, it writes `broken`.
How an answer comes, and what it shows, depends on the request's nonce alone.
"""

import asyncio
import base64
import hashlib
import io
import json
import random
import re
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

NONCE = re.compile(rb"nonce-[0-9a-f]{16}")
COUNT = re.compile(rb'name="n"\r\n\r\n(\d+)')


def picture(chance: random.Random, number: int) -> bytes:
    """A PNG that no other answer has; now and then of more than one piece of the line."""
    edge = chance.choice((48, 64, 320))
    seed = [chance.randrange(2**32), number]
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (edge, edge, 3), np.uint8)
    Image.fromarray(noise).save(file, "PNG", compress_level=1)
    return file.getvalue()


class Gateway:
    def __init__(self, log: Path) -> None:
        self._log = log.open("a", encoding="utf-8")

    def tell(self, event: str, nonce: str, **more: object) -> None:
        print(
            json.dumps({"event": event, "nonce": nonce, "at": time.monotonic(), **more}),
            file=self._log,
            flush=True,
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            assert length is not None
            body = await reader.readexactly(int(length[1]))
            found = NONCE.search(body)
            assert found is not None, body[:2000]
            nonce = found[0].decode()
            self.tell("asked", nonce, body=hashlib.sha256(body).hexdigest())
            try:
                await self._answer(nonce, body, reader, writer)
            except ConnectionError as error:
                self.tell("broken", nonce, error=repr(error))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # Killed before the request was here whole: nothing of it counts.
        finally:
            writer.close()

    async def _answer(
        self, nonce: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        chance = random.Random(nonce)
        count = COUNT.search(body)
        pictures = [picture(chance, number) for number in range(int(count[1]) if count else 1)]
        items = [{"b64_json": base64.b64encode(data).decode()} for data in pictures]
        streams = chance.random() < 0.25
        if streams:
            events = (json.dumps({"type": "image_edit.completed", **item}) for item in items)
            reply = "".join(f"data: {event}\n\n" for event in events).encode()
        else:
            reply = json.dumps({"created": 1, "data": items}).encode()
        images = [hashlib.sha256(data).hexdigest() for data in pictures]
        self.tell("reply", nonce, reply=hashlib.sha256(reply).hexdigest(), images=images)
        await asyncio.sleep(chance.choice((0.0, 0.05, 0.3)))
        kind = "text/event-stream" if streams else "application/json"
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(reply)}\r\n"
            f"x-request-id: {nonce}\r\n\r\n".encode()
        )
        pieces = chance.choice((1, 1, 3, 6))
        size = -(-len(reply) // pieces)
        for start in range(0, len(reply), size):
            if start:
                await asyncio.sleep(chance.choice((0.0, 0.02, 0.1)))
            writer.write(reply[start : start + size])
            await writer.drain()
        self.tell("sent", nonce)
        await reader.read(1)
        self.tell("closed", nonce)


async def main(log: str) -> None:
    server = await asyncio.start_server(Gateway(Path(log)).serve, "127.0.0.1", 0, limit=1 << 26)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
