"""`maskroom history` over what months of work left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.history.store import HistoryStore
from tests.cli.conftest import Outcome
from tests.history.making import fill


@pytest.fixture
def store(maskroom_home: Path) -> HistoryStore:
    fill(maskroom_home / "history", 120)
    return HistoryStore(maskroom_home / "history")


@pytest.mark.parametrize(
    "options",
    [
        {"starred": True},
        {"provider": "studio"},
        {"model": "paint-2"},
        {"tag": "keep"},
        {"starred": True, "provider": "local", "model": "auto"},
    ],
)
def test_the_list_can_be_narrowed(
    store: HistoryStore, maskroom: Callable[..., Outcome], options: dict[str, str | bool]
) -> None:
    store.open()
    expected = [
        entry.id
        for entry in store.list(200)
        if (not options.get("starred") or any(result.starred for result in entry.results))
        and options.get("provider") in (None, entry.provider)
        and options.get("model") in (None, entry.model)
        and (options.get("tag") is None or options["tag"] in entry.tags)
    ]
    words: list[str] = []
    for name, value in options.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    outcome = maskroom("history", "list", *words, "--limit", 3, "--json")
    assert [entry["id"] for entry in outcome.json["entries"]] == expected[:3]
    store.close()


def test_what_lies_in_the_bin_is_listed_nowhere_and_shown_by_its_id(
    store: HistoryStore, maskroom: Callable[..., Outcome]
) -> None:
    store.open()
    newest = store.list(1)[0]
    store.marks.set_tags(newest.id, ["harvest"])
    store.marks.put_into_bin(newest.id)
    store.close()
    listed = maskroom("history", "list", "--json").json["entries"]
    assert newest.id not in {entry["id"] for entry in listed}
    assert maskroom("history", "search", "harvest", "--json").json["entries"] == []
    shown = maskroom("history", "show", newest.id).json
    assert (shown["tags"], shown["note"], shown["starred"]) == (["harvest"], newest.note, [])
    assert shown["deleted"] is not None
