"""The registry of commands: unique ids, collected from modules without import-time registration."""

from __future__ import annotations

from types import ModuleType

import pytest

from app.base.errors import UsageError
from app.session import actions
from app.session.commands import Command, CommandRegistry, command


def test_commands_of_a_module_are_collected_in_order() -> None:
    registry = CommandRegistry()
    registry.add_from(actions)
    ids = [c.id for c in registry]
    assert ids[:3] == ["edit.undo", "edit.redo", "edit.generate"]
    assert len(ids) == len(set(ids))
    assert registry.get("mask.invert").shortcuts == ("Ctrl+Shift+I",)


def test_an_id_can_be_taken_only_once() -> None:
    registry = CommandRegistry()
    first = Command("a.b", "A", "edit", lambda workspace: None)
    registry.add(first)
    with pytest.raises(ValueError):
        registry.add(first)


def test_an_unknown_id_is_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"no\.such"):
        CommandRegistry().get("no.such")


def test_decorated_functions_stay_plain_functions() -> None:
    calls: list[object] = []

    @command("x.y", title="X", group="edit")
    def run(workspace: object) -> None:
        calls.append(workspace)

    run("here")  # type: ignore[arg-type]
    module = ModuleType("m")
    module.run = run  # type: ignore[attr-defined]
    registry = CommandRegistry()
    registry.add_from(module)
    assert calls == ["here"]
    assert registry.get("x.y").run is run


def test_no_two_commands_that_can_be_on_together_share_a_key() -> None:
    registry = CommandRegistry()
    registry.add_from(actions)
    keys = [(key, c.when) for c in registry for key in c.shortcuts]
    for key in {k for k, _ in keys}:
        conditions = [when for k, when in keys if k == key]
        assert len(conditions) == len(set(conditions))
        assert len(conditions) <= 2
