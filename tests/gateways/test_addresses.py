"""From what a person types as an address to the one right URL, or to a sentence."""

import pytest

from app.base.errors import UsageError
from app.gateways.addresses import EDITS, MODELS, check_base_url, endpoint, is_loopback


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://h.example", "https://h.example/v1/images/edits"),
        ("https://h.example/", "https://h.example/v1/images/edits"),
        ("https://h.example/v1", "https://h.example/v1/images/edits"),
        ("https://h.example/v1/", "https://h.example/v1/images/edits"),
        ("https://h.example/openai", "https://h.example/openai/v1/images/edits"),
        ("https://h.example/openai/v1/", "https://h.example/openai/v1/images/edits"),
        ("https://h.example/v1beta/openai", "https://h.example/v1beta/openai/images/edits"),
        ("https://h.example/v1?api-version=2", "https://h.example/v1/images/edits?api-version=2"),
        ("https://h.example?x=1", "https://h.example/v1/images/edits?x=1"),
        ("https://h.example/a/b/images/edits", "https://h.example/a/b/images/edits"),
        ("http://127.0.0.1:8765/v1", "http://127.0.0.1:8765/v1/images/edits"),
        ("http://[::1]:1/", "http://[::1]:1/v1/images/edits"),
    ],
)
def test_one_right_url(base: str, url: str) -> None:
    assert endpoint(check_base_url(base), EDITS) == url


def test_the_list_of_models_stands_beside_the_edits() -> None:
    assert endpoint("https://h/x/v1?k=1", MODELS) == "https://h/x/v1/models?k=1"
    assert endpoint("https://h/d/images/edits", MODELS) == "https://h/d/models"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h.example",
        "ftp://h/",
        "file:///etc/passwd",
        "http://",
        "https://h:port/",
        "https://a b/",
        "http://h\\x",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_base_url(text)
    assert caught.value.hint


def test_a_key_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        check_base_url("https://user:sk-secret@h.example/v1")
    assert "sk-secret" not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"


def test_blanks_and_fragments_are_taken_off() -> None:
    assert check_base_url("  https://h/v1#x \n") == "https://h/v1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "a.localhost"])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(f"http://{host}:80/v1")


@pytest.mark.parametrize("host", ["h.example", "127.0.0.1.example", "10.0.0.1", "localhost.example"])
def test_other_machines_are_no_loopback(host: str) -> None:
    assert not is_loopback(f"http://{host}/v1")
