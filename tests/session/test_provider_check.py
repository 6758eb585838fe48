"""Reaching a provider, and trying out its mask with one small edit, over loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from app.base.errors import Refused
from app.base.geometry import Size
from app.base.states import JobState, MaskConvention
from app.edits.types import SizeRule
from app.gateways.discovery import ListedModel
from app.gateways.provider_settings import ProviderSettings
from app.gateways.types import Profile
from app.imaging.arrays import U8
from app.session.mask_probe import (
    MaskVerdict,
    judge,
    mended,
    prepare_probe,
    probe_picture,
    run_probe,
    smallest_size,
    verdict_sentence,
)
from app.session.provider_check import KeyVerdict, check_provider
from app.session.workspace import Workspace
from tests.mask_gateway import MaskGateway, Paint, do_nothing, honour, ignore, turn_round

KEY = "sk-planted-0123456789"


@pytest.fixture
async def gateway() -> AsyncIterator[MaskGateway]:
    server = MaskGateway()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def provider(workspace: Workspace, gateway: MaskGateway) -> Profile:
    return workspace.providers.save(
        ProviderSettings("mine", dialect="openai-multipart", base_url=gateway.base_url, model="m")
    )


async def test_a_good_provider_is_told_in_words(
    workspace: Workspace, gateway: MaskGateway, provider: Profile
) -> None:
    gateway.key = KEY
    await workspace.secrets.set("mine", KEY)
    check = await check_provider(workspace, provider)
    assert (check.reached, check.key, check.fails) == (True, KeyVerdict.ACCEPTED, False)
    words = " ".join(check.sentences())
    for part in ("answers", "key was accepted", "2 models", "does not tell", "Transparent pixels"):
        assert part in words
    assert "not in the list" not in words
    known = workspace.models.known(provider)
    assert known is not None
    assert known.models == (ListedModel("m", "m"), ListedModel("other", "other"))


async def test_a_list_that_tells_capabilities(
    workspace: Workspace, gateway: MaskGateway, provider: Profile
) -> None:
    gateway.models = {"data": [{"id": "e", "capabilities": ["image_edit"]}, {"id": "c", "capabilities": []}]}
    words = " ".join((await check_provider(workspace, provider)).sentences())
    for part in ("2 models; 1 of them", "“m” is not in the list", "No key was sent"):
        assert part in words
    offer = workspace.models.offer(provider, "m")
    assert [card.id for card in offer.cards] == ["e", "m"]


@pytest.mark.parametrize(
    ("typed", "verdict", "words"),
    [("wrong", KeyVerdict.REFUSED, "refused"), (None, KeyVerdict.MISSING, "none is stored")],
)
async def test_a_key_that_does_not_fit(
    workspace: Workspace,
    gateway: MaskGateway,
    provider: Profile,
    typed: str | None,
    verdict: KeyVerdict,
    words: str,
) -> None:
    gateway.key = KEY
    check = await check_provider(workspace, provider, typed)
    assert (check.reached, check.key, check.fails) == (True, verdict, True)
    assert words in " ".join(check.sentences())
    assert (await check_provider(workspace, provider, KEY)).key is KeyVerdict.ACCEPTED


@pytest.mark.parametrize(
    ("status", "content"), [(404, {"error": "no such page"}), (200, b"<html>"), (200, {"data": {}})]
)
async def test_no_list_is_no_failure(
    workspace: Workspace, gateway: MaskGateway, provider: Profile, status: int, content: object
) -> None:
    gateway.status, gateway.complaint = status, content
    check = await check_provider(workspace, provider)
    assert (check.reached, check.fails, check.key) == (True, False, KeyVerdict.UNKNOWN)
    assert "type a model's id" in " ".join(check.sentences())
    assert [card.id for card in workspace.models.offer(provider, "typed").cards] == ["m", "typed"]


async def test_nobody_there(workspace: Workspace, gateway: MaskGateway, provider: Profile) -> None:
    before = await workspace.models.refresh(provider)
    await gateway.stop()
    check = await check_provider(workspace, provider)
    assert (check.reached, check.fails) == (False, True)
    assert "cannot be reached" in check.sentences()[0]
    assert workspace.models.known(provider) == before


async def test_the_built_in_engine_is_reached_inside(workspace: Workspace) -> None:
    check = await check_provider(workspace, workspace.providers.get("local"))
    assert {model.id for model in check.models} == {"auto", "patchmatch", "instant"}
    assert "nothing leaves" in check.sentences()[0]


@pytest.mark.parametrize(
    ("paint", "verdict"),
    [
        (honour, MaskVerdict.EXPECTED),
        (turn_round, MaskVerdict.INVERTED),
        (ignore, MaskVerdict.IGNORED),
        (do_nothing, MaskVerdict.UNCLEAR),
    ],
)
async def test_the_probe_finds_out(
    workspace: Workspace, gateway: MaskGateway, provider: Profile, paint: Paint, verdict: MaskVerdict
) -> None:
    gateway.paint = paint
    probe = prepare_probe(workspace, provider, "m")
    assert gateway.headers == []
    result = await run_probe(workspace, probe)
    assert result.verdict is verdict
    assert verdict_sentence(result)
    (sent,) = gateway.fields
    assert sent["quality"] == "low"
    assert sent["size"] == "256x256"
    assert "n" not in sent
    (entry,) = await workspace.history_actions.list(5)
    assert (entry.id, entry.document_name, entry.state) == (result.entry_id, "Mask test", JobState.DONE)
    assert len(entry.results) == 1


async def test_the_switch_that_a_verdict_speaks_for_mends_it(
    workspace: Workspace, gateway: MaskGateway, provider: Profile
) -> None:
    gateway.paint = turn_round
    convention, invert = mended(provider.mask_convention, provider.invert_mask, MaskVerdict.INVERTED)
    settings = replace(workspace.providers.settings("mine"), mask_convention=convention, invert_mask=invert)
    changed = workspace.providers.save(settings)
    result = await run_probe(workspace, prepare_probe(workspace, changed, "m"))
    assert result.verdict is MaskVerdict.EXPECTED
    ignored = mended(MaskConvention.WHITE, False, MaskVerdict.IGNORED)
    assert ignored == (MaskConvention.IGNORED, False)
    assert mended(MaskConvention.WHITE, True, MaskVerdict.UNCLEAR) == (MaskConvention.WHITE, True)


async def test_a_probe_that_fails_is_in_the_history_too(
    workspace: Workspace, gateway: MaskGateway, provider: Profile
) -> None:
    gateway.key = KEY
    with pytest.raises(Refused):
        await run_probe(workspace, prepare_probe(workspace, provider, "m"))
    (entry,) = await workspace.history_actions.list(5)
    assert entry.state is JobState.FAILED


async def test_a_cancelled_probe_cancels_its_request(
    workspace: Workspace, gateway: MaskGateway, provider: Profile
) -> None:
    gateway.hold = asyncio.Event()
    task = asyncio.create_task(run_probe(workspace, prepare_probe(workspace, provider, "m")))
    while not gateway.headers:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [job.state for job in workspace.worker.jobs] == [JobState.CANCELLED]


def test_a_probe_costs_what_the_card_says(workspace: Workspace) -> None:
    profile = workspace.providers.get("openai")
    probe = prepare_probe(workspace, profile, "gpt-image-1")
    assert probe.price is not None
    assert probe.price.amount == 0.011
    assert probe.request.plan.size_send == Size(1024, 1024)
    assert prepare_probe(workspace, profile, "typed-by-hand").price is None


@pytest.mark.parametrize(
    ("rule", "size"),
    [
        (SizeRule(), Size(256, 256)),
        (SizeRule(multiple=16, minimum=512), Size(512, 512)),
        (SizeRule(maximum=128), Size(128, 128)),
        (SizeRule(fixed=(Size(1536, 1024), Size(1024, 1536), Size(1024, 1024))), Size(1024, 1024)),
    ],
)
def test_the_smallest_size_worth_a_look(rule: SizeRule, size: Size) -> None:
    assert smallest_size(rule) == size


@pytest.mark.parametrize("size", [Size(256, 256), Size(1024, 1536), Size(64, 64)])
def test_a_reply_of_another_size_with_a_drift_of_colour_is_judged_all_the_same(size: Size) -> None:
    sent = probe_picture(size)
    coverage = np.zeros((size.height, size.width), np.uint8)
    coverage[:, size.width // 2 :] = 255

    def judged(received: U8) -> MaskVerdict:
        return judge(sent, received, coverage)[0]

    drifted = np.clip(sent.astype(int) + 12, 0, 255).astype(np.uint8)
    painted = drifted.copy()
    painted[coverage > 0] = (255, 0, 255)
    assert judged(painted) is MaskVerdict.EXPECTED
    assert judged(np.repeat(np.repeat(painted, 2, axis=0), 2, axis=1)) is MaskVerdict.EXPECTED
    assert judged(painted[:, ::-1]) is MaskVerdict.INVERTED
    assert judged(drifted) is MaskVerdict.UNCLEAR
