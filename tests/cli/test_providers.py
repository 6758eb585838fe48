"""`maskroom providers`, `models`, `doctor` and `serve`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_the_built_in_engine_is_the_default(maskroom: Run) -> None:
    providers = maskroom("providers", "list", "--json").json["providers"]
    assert [p["name"] for p in providers if p["default"]] == ["local"]


def test_set_show_change_and_remove(maskroom: Run) -> None:
    words = ("--dialect", "openai-multipart", "--base-url", "https://example.test/v1", "--model", "m-1")
    assert maskroom("providers", "set", "mine", *words).code == 0
    shown = maskroom("providers", "show", "mine", "--json").json
    assert (shown["base_url"], shown["model"], shown["mask_convention"]) == (
        "https://example.test/v1", "m-1", "transparent",
    )  # fmt: skip
    taken = {p["name"] for p in shown["models"][0]["parameters"]}
    assert taken >= {"strength", "guidance", "steps", "seed", "quality"}
    assert maskroom("providers", "set", "mine", "--mask-convention", "white", "--invert-mask").code == 0
    changed = maskroom("providers", "show", "mine", "--json").json
    assert (changed["mask_convention"], changed["invert_mask"], changed["model"]) == ("white", True, "m-1")
    assert maskroom("providers", "remove", "mine").code == 0
    assert maskroom("providers", "show", "mine").code == 2


def test_fields_limit_what_a_model_takes(maskroom: Run) -> None:
    words = ("--dialect", "openai-multipart", "--base-url", "https://example.test/v1", "--model", "m-1")
    maskroom("providers", "set", "mine", *words, "--fields", "seed,strength")
    (card,) = maskroom("models", "--provider", "mine", "--json").json["models"]
    assert card["takes"] == ["prompt", "seed", "strength"]


@pytest.mark.parametrize(
    "words",
    [
        ("set", "mine", "--model", "m"),
        ("set", "mine", "--dialect", "klingon", "--base-url", "https://x.test", "--model", "m"),
        ("set", "mine", "--dialect", "openai-multipart", "--base-url", "ftp://x.test", "--model", "m"),
        ("set", "../up", "--dialect", "openai-multipart", "--base-url", "https://x.test", "--model", "m"),
        ("remove", "local"),
        ("show", "nobody"),
        ("dance",),
    ],
)
def test_what_cannot_be_is_refused(maskroom: Run, words: tuple[str, ...]) -> None:
    done = maskroom("providers", *words)
    assert done.code == 2
    assert done.err.startswith("maskroom: ")


def test_a_key_goes_to_the_keychain_and_never_to_a_file(
    maskroom: Run, monkeypatch: pytest.MonkeyPatch, maskroom_home: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("planted-secret-99\n"))
    words = ("--dialect", "openai-multipart", "--base-url", "https://example.test/v1", "--model", "m-1")
    assert maskroom("providers", "set", "mine", *words, "--key-stdin").code == 0
    assert maskroom("providers", "show", "mine", "--json").json["key"] == "keychain"
    assert not [p for p in maskroom_home.rglob("*") if p.is_file() and b"planted-secret" in p.read_bytes()]
    maskroom("providers", "remove", "mine")
    maskroom("providers", "set", "mine", *words)
    assert maskroom("providers", "show", "mine", "--json").json["key"] is None


def test_doctor_finds_everything_in_order(maskroom: Run) -> None:
    done = maskroom("doctor", "--json")
    assert done.code == 0
    verdicts = {f["subject"]: f["verdict"] for f in done.json["findings"]}
    assert verdicts["healing engine"] == "good"
    assert "broken" not in verdicts.values()


@pytest.mark.parametrize("damage", ["no database", "a torn page"])
def test_doctor_lists_everything_when_the_history_is_damaged(
    maskroom: Run, maskroom_home: Path, damage: str
) -> None:
    assert maskroom("history", "list").code == 0
    path = maskroom_home / "history" / "history.sqlite"
    data = path.read_bytes()
    torn = data[:100] + b"\x7f" * (len(data) - 100)
    path.write_bytes(b"this is no database at all" * 99 if damage == "no database" else torn)
    (maskroom_home / "providers.toml").write_text("= broken")
    done = maskroom("doctor", "--json")
    assert done.code == 1
    verdicts = {f["subject"]: f["verdict"] for f in done.json["findings"]}
    assert verdicts["history"] == "broken"
    assert verdicts["providers"] == "broken"
    assert verdicts["healing engine"] == "good"
    assert "provider local" in verdicts
    assert maskroom("doctor").code == 1


def test_doctor_lists_everything_without_a_data_folder(
    maskroom: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("MASKROOM_HOME", str(blocked / "home"))
    done = maskroom("doctor", "--json")
    assert done.code == 1
    verdicts = {f["subject"]: f["verdict"] for f in done.json["findings"]}
    assert verdicts["data folder"] == "broken"
    assert verdicts["healing engine"] == "good"


def test_a_broken_providers_file_is_told_and_kept(maskroom: Run, maskroom_home: Path) -> None:
    path = maskroom_home / "providers.toml"
    path.write_text("[providers.mine]\ndialect = 5\n")
    done = maskroom("providers", "set", "mine", "--model", "x")
    assert done.code == 2
    assert "providers.toml" in done.err
    assert path.read_text() == "[providers.mine]\ndialect = 5\n"
    assert maskroom("models").code == 0


def test_serving_answers_other_programs_and_stops() -> None:
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        assert base_url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{base_url}/models", timeout=10) as reply:
            models = {model["id"] for model in json.load(reply)["data"]}
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert models == {"auto", "patchmatch", "instant"}
    assert "Traceback" not in err


def test_a_broken_file_is_said_with_the_list(maskroom: Run, maskroom_home: Path) -> None:
    (maskroom_home / "providers.toml").write_text("= broken")
    done = maskroom("providers", "list")
    assert done.code == 0
    assert "local" in done.out
    assert "providers.toml" in done.err
