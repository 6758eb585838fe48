"""A server over a real engine, asked as the built-in provider asks it: in process, without a port."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.engines.host import EngineHost
from app.server.app import create_app

Told = list[tuple[str, float]]


@pytest.fixture
async def host() -> AsyncIterator[EngineHost]:
    host = EngineHost()
    yield host
    await host.aclose()


@pytest.fixture
def told() -> Told:
    """What the server told of its progress: request name and share."""
    return []


@pytest.fixture
async def client(host: EngineHost, told: Told) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(host, lambda name, share: told.append((name, share)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1") as client:
        yield client
