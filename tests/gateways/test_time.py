"""Long answers, on a clock that leaps: nothing here really waits."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.base.errors import Unreachable
from app.edits.types import EditRequest
from app.gateways.catalogue import Catalogue
from app.gateways.client import GatewayClient
from app.gateways.connection import CONNECT_SECONDS, Certificates, open_client
from app.gateways.providers import ProviderSettings, ProviderStore
from app.gateways.types import Profile
from tests.gateways.conftest import Answer, ScriptedGateway


class LeapingLoop(asyncio.SelectorEventLoop):
    """A real event loop with real sockets, whose clock can be set forward."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def leap(self, seconds: float) -> None:
        """Let `seconds` pass, and then everything that is due run."""
        self.ahead += seconds
        await asyncio.sleep(0.05)


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(work)


def loop() -> LeapingLoop:
    running = asyncio.get_running_loop()
    assert isinstance(running, LeapingLoop)
    return running


@pytest.fixture
def make_profile(catalogue: Catalogue, tmp_path: Path) -> Any:
    def make(root: str) -> Profile:
        store = ProviderStore(tmp_path / "data", catalogue)
        return store.save(
            ProviderSettings("mine", dialect="openai-multipart", base_url=root + "/v1", model="any-model")
        )

    return make


async def begin(
    gateway: ScriptedGateway, edit: EditRequest, profile: Profile, folder: Path
) -> asyncio.Task[Any]:
    """Send an edit; returns when the gateway has it and thinks."""
    client = GatewayClient(lambda profile: None, folder / "spool")
    task = asyncio.create_task(client.send(edit, profile, None))
    while not gateway.requests:
        await asyncio.sleep(0.01)
    return task


def test_an_answer_after_four_minutes_is_a_success_and_the_loop_stays_free(
    make_profile: Any, edit: EditRequest, good: bytes, png: bytes, tmp_path: Path
) -> None:
    async def scene() -> None:
        gateway = ScriptedGateway()
        await gateway.start()
        gateway.script = [Answer(body=good, delay=240)]
        sending = await begin(gateway, edit, make_profile(gateway.root), tmp_path)
        turns = 0
        for _minute in range(3):
            await loop().leap(60)
            turns += 1
            assert not sending.done()
        await loop().leap(61)
        result = await asyncio.wait_for(sending, 5)
        assert [image.data for image in result.images] == [png]
        assert turns == 3
        assert len(gateway.requests) == 1
        await gateway.stop()

    run(scene())


def test_ten_silent_minutes_are_a_time_out_and_not_one_less(
    make_profile: Any, edit: EditRequest, tmp_path: Path
) -> None:
    async def scene() -> None:
        gateway = ScriptedGateway()
        await gateway.start()
        gateway.script = [Answer(delay=10_000)]
        profile = make_profile(gateway.root)
        assert profile.timeout >= 600
        sending = await begin(gateway, edit, profile, tmp_path)
        await loop().leap(profile.timeout - 5)
        assert not sending.done()
        await loop().leap(10)
        with pytest.raises(Unreachable) as caught:
            await asyncio.wait_for(sending, 5)
        assert caught.value.code == "timed_out"
        assert "billed" in caught.value.hint
        await asyncio.wait_for(gateway.closed_early.wait(), 5)
        assert len(gateway.requests) == 1
        await gateway.stop()

    run(scene())


async def test_connecting_takes_ten_seconds_at_most() -> None:
    async with await open_client("https://gateway.example/v1", 600.0, None, Certificates()) as client:
        assert client.timeout.connect == CONNECT_SECONDS == 10.0
        assert client.timeout.read == 600.0


async def test_an_answer_that_comes_after_the_cancel_is_dropped(
    gateway: ScriptedGateway, edit: EditRequest, profile: Profile, good: bytes, tmp_path: Path
) -> None:
    """The gateway has begun to answer; the cancel leaves neither a result nor a file."""
    begun = asyncio.Event()
    gateway.script = [
        Answer(
            pieces=(good[:40], *((b" ",) * 10_000)),
            headers={"Content-Type": "application/json"},
            before_body=begun.set,
        )
    ]
    sending = await begin(gateway, edit, replace(profile, timeout=60), tmp_path)
    await begun.wait()
    while not list((tmp_path / "spool").glob("*.part")):
        await asyncio.sleep(0.01)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await asyncio.wait_for(gateway.closed_early.wait(), 1)
    assert list((tmp_path / "spool").iterdir()) == []
