"""Keys: where they come from, where they are kept, and that they show up nowhere else."""

import re
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import UsageError
from app.settings.secrets import SecretPlace, Secrets, variable_of


class Locked(keyring.backend.KeyringBackend):
    """A keychain whose dialog the user dismisses."""

    priority = 1
    fault: Exception = keyring.errors.KeyringLocked("the password sk-abcdef was refused")

    def get_password(self, service: str, username: str) -> str | None:
        raise self.fault

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.fault

    def delete_password(self, service: str, username: str) -> None:
        raise self.fault


class Unreachable(Locked):
    """A keychain whose bus is gone."""

    priority = 1
    fault = ConnectionRefusedError("no bus")


@pytest.fixture(params=[keyring.backends.fail.Keyring, keyring.backends.null.Keyring, Locked, Unreachable])
def no_keychain(request: pytest.FixtureRequest, keychain: Any) -> None:
    keyring.set_keyring(request.param())


@pytest.mark.parametrize(
    ("profile", "variable"),
    [
        ("local", "MASKROOM_KEY_LOCAL"),
        ("my-server.2", "MASKROOM_KEY_MY_SERVER_2"),
        ("Büro 5", "MASKROOM_KEY_B_RO_5"),
    ],
)
def test_the_variable_of_a_profile(profile: str, variable: str) -> None:
    assert variable_of(profile) == variable


@given(st.text(max_size=20))
def test_every_profile_has_a_variable_that_shells_take(profile: str) -> None:
    assert re.fullmatch(r"MASKROOM_KEY_[A-Z0-9_]*", variable_of(profile))


async def test_the_environment_comes_before_the_keychain(keychain: Any) -> None:
    secrets = Secrets({"MASKROOM_KEY_A": " from-env\n", "MASKROOM_KEY_B": "  ", "OTHER": "x"})
    assert await secrets.set("a", "from-chain") is SecretPlace.KEYCHAIN
    assert await secrets.set("b", "b-chain") is SecretPlace.KEYCHAIN
    assert await secrets.get("a") == "from-env"
    assert await secrets.place("a") is SecretPlace.ENVIRONMENT
    assert await secrets.get("b") == "b-chain"
    assert await secrets.place("b") is SecretPlace.KEYCHAIN
    assert await secrets.get("c") is None
    assert await secrets.place("c") is None
    assert keychain.passwords == {("maskroom", "a"): "from-chain", ("maskroom", "b"): "b-chain"}


async def test_the_keychain_outlives_the_run_and_delete_empties_it(keychain: Any) -> None:
    await Secrets({}).set("a", "kept-key")
    secrets = Secrets({})
    assert await secrets.get("a") == "kept-key"
    await secrets.delete("a")
    await secrets.delete("a")
    assert await secrets.get("a") is None
    assert keychain.passwords == {}
    assert await secrets.keychain_name()


@pytest.mark.usefixtures("no_keychain")
async def test_without_a_keychain_a_key_lasts_for_this_run(maskroom_home: Path) -> None:
    secrets = Secrets({})
    assert await secrets.set("a", "only-now") is SecretPlace.THIS_RUN
    assert await secrets.get("a") == "only-now"
    assert await secrets.place("a") is SecretPlace.THIS_RUN
    assert await Secrets({}).get("a") is None
    await secrets.delete("a")
    assert await secrets.get("a") is None
    assert list(maskroom_home.iterdir()) == []


async def test_a_keychain_that_keeps_nothing_is_none(keychain: Any) -> None:
    for backend in (keyring.backends.fail.Keyring(), keyring.backends.null.Keyring()):
        keyring.set_keyring(backend)
        assert await Secrets({}).keychain_name() is None


async def test_a_key_kept_for_this_run_moves_to_a_keychain_that_opened(keychain: Any) -> None:
    secrets = Secrets({})
    keyring.set_keyring(Locked())
    await secrets.set("a", "first-key")
    keyring.set_keyring(keychain)
    assert await secrets.set("a", "second-key") is SecretPlace.KEYCHAIN
    await secrets.delete("a")
    assert await secrets.get("a") is None


@pytest.mark.parametrize("key", ["", " \n", "two words", "schlüssel", "line\nbreak", "nul\0"])
async def test_what_no_header_can_hold_is_no_key(keychain: Any, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        await Secrets({}).set("a", key)
    assert keychain.passwords == {}
    assert not key.strip() or key.strip() not in caught.value.message + caught.value.hint


async def test_keys_show_up_nowhere(keychain: Any, caplog: pytest.LogCaptureFixture) -> None:
    secrets = Secrets({"MASKROOM_KEY_A": "key-of-env"})
    await secrets.set("b", "key-of-chain")
    keyring.set_keyring(Locked())
    await secrets.set("c", "key-of-run")
    later = Secrets({})
    keyring.set_keyring(keychain)
    await later.get("b")
    assert "key-of" not in repr(secrets) + str(secrets) + repr(later) + caplog.text
    assert "sk-abcdef" not in caplog.text
    text = secrets.redact("a=key-of-env, b=key-of-chain; c='key-of-run'")
    assert text == "a=…, b=…; c='…'"
    assert later.redact("key-of-chain") == "…"


async def test_a_longer_key_is_not_left_half_shown(keychain: Any) -> None:
    secrets = Secrets({"MASKROOM_KEY_A": "abcd", "MASKROOM_KEY_B": "abcd-efgh"})
    assert secrets.redact("abcd-efgh abcd") == "… …"


def test_what_looks_like_a_key_is_taken_out() -> None:
    redact = Secrets({}).redact
    assert redact("Authorization: Bearer abc.def") == "Authorization: Bearer …"
    assert redact("{'authorization': 'Bearer q1w2e3', 'x': 1}") == "{'authorization': 'Bearer …', 'x': 1}"
    assert redact("sent sk-proj-0123456789abcdef, refused") == "sent …, refused"
    assert redact("a risk-free plan; ask-me") == "a risk-free plan; ask-me"


async def test_words_are_not_garbled_by_a_key_that_is_none(keychain: Any) -> None:
    secrets = Secrets({"MASKROOM_KEY_A": "x"})
    assert await secrets.get("a") == "x"
    assert secrets.redact("next box") == "next box"
