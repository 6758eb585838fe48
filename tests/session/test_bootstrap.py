"""What the first request needs is loaded in a thread, before the loop meets it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, sys
from app.session.bootstrap import load_transports
load_transports()
import httpx
from app.server.app import create_app

async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = "http://127.0.0.1:{}/".format(server.sockets[0].getsockname()[1])
    # Clients are made in a thread in any case.
    within = httpx.ASGITransport(create_app(None), raise_app_exceptions=False)
    async with (
        httpx.AsyncClient(transport=within, base_url="http://127.0.0.1:80") as engine,
        httpx.AsyncClient(trust_env=False) as network,
    ):
        before = set(sys.modules)
        assert (await engine.get("/v1/models")).status_code == 200
        files = {"image": ("a.png", b"none" * 40000, "image/png")}
        assert (await engine.post("/v1/images/edits", files=files)).status_code == 400
        assert (await network.get(address)).text == "hi"
        print(*sorted(set(sys.modules) - before))
    server.close()

asyncio.run(main())
"""


def test_a_first_request_imports_nothing_more() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
