"""The server on a real loopback port: ready, reachable from this machine only, stopped cleanly."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pytest

from app.base.errors import UsageError
from app.engines.host import EngineHost
from app.server.serve import serve
from tests.server.making import files, pictures, spot, stripes


@asynccontextmanager
async def serving(host: EngineHost, port: int = 0) -> AsyncIterator[str]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(host, port, on_ready=ready.set_result))
    await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield ready.result()
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_heal_over_a_real_port_with_any_key(host: EngineHost) -> None:
    async with serving(host) as base_url:
        assert base_url.startswith("http://127.0.0.1:")
        assert base_url.endswith("/v1")
        async with httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
            reply = await client.post(
                "images/edits",
                files=files(stripes(), spot()),
                data={"seed": "0"},
                headers={"authorization": "Bearer anything"},
            )
        assert pictures(reply)[0].shape == (48, 64, 3)
        assert reply.headers["x-request-id"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base_url}/models", trust_env=False)


async def test_a_client_that_goes_away_stops_the_engine(host: EngineHost) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    async with serving(host) as base_url, httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        call = asyncio.create_task(
            client.post(
                "images/edits",
                files=files(picture, spot(900, 900, 180)),
                data={"model": "patchmatch", "seed": "2", "n": "4"},
            )
        )
        await asyncio.sleep(1.0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        began = time.monotonic()
        reply = await client.post("images/edits", files=files(stripes(), spot()))
        assert reply.status_code == 200
        assert time.monotonic() - began < 3.0


async def test_stopping_does_not_wait_for_a_long_heal(host: EngineHost) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    async with httpx.AsyncClient(trust_env=False) as client:
        async with serving(host) as base_url:
            call = asyncio.create_task(
                client.post(
                    f"{base_url}/images/edits",
                    files=files(picture, spot(900, 900, 180)),
                    data={"model": "patchmatch", "seed": "2", "n": "4"},
                )
            )
            await asyncio.sleep(0.8)
            began = time.monotonic()
        assert time.monotonic() - began < 3.0
        assert isinstance(
            (await asyncio.gather(call, return_exceptions=True))[0], httpx.HTTPError | httpx.Response
        )


async def test_a_port_in_use_is_told_in_a_sentence(host: EngineHost) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            await serve(host, port, on_ready=print)


@pytest.mark.parametrize("port", [-1, 70000])
async def test_a_port_that_cannot_be(host: EngineHost, port: int) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        await serve(host, port, on_ready=print)


async def test_only_this_machine_is_listened_to(host: EngineHost) -> None:
    async with serving(host) as base_url:
        port = int(base_url.split(":")[2].split("/")[0])
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex(("127.0.0.1", port)) == 0
        with socket.socket(socket.AF_INET6) as probe:
            probe.settimeout(1)
            assert probe.connect_ex(("::1", port)) != 0
