"""What a provider says when it does not do what was asked, as one of our errors.

Providers agree on little: the status, the shape of the body and the code all vary, and proxies wrap one
error in another. Each class of refusal gets one sentence and one next step, and the provider's own words
where they help. A key never gets into an error: texts pass through `hide` first.
"""

from __future__ import annotations

import enum
import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.base.errors import GatewayError, Refused, Unreachable
from app.base.text import tr
from app.gateways.limits import asked_wait
from app.gateways.loose_json import parse_json

Headers = Mapping[str, str]
"""Header names in lower case."""

LONGEST_QUOTE = 300

_KEY_CODES = {"invalid_api_key", "invalid_authentication", "authentication_error", "unauthorized"}
_BILLING_CODES = {"insufficient_credits", "insufficient_quota", "billing_hard_limit_reached", "billing_error"}
_POLICY_CODES = {"moderation_blocked", "content_policy_violation", "content_filter", "safety_violation"}
_MODEL_CODES = {"model_not_found", "invalid_model", "unknown_model"}
_SIZE_CODES = {"request_too_large", "payload_too_large", "file_too_large", "image_too_large"}
_BUSY_CODES = {"rate_limit_exceeded", "rate_limit_error", "too_many_requests"}
_FAULT_CODES = {"server_error", "upstream_error", "api_error", "internal_error", "internal_server_error"}
_POLICY_WORDS = re.compile(r"safety system|content policy|moderation|usage polic", re.IGNORECASE)
_MODEL_WORDS = re.compile(r"\bmodel\b", re.IGNORECASE)
_LINK_WORDS = re.compile(r"\burls?\b|image_urls?\b|\bdata:", re.IGNORECASE)
_PYTHON_FIELD = re.compile(r"'(message|code|type)': '((?:[^'\\]|\\.)*)'")
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-litellm-call-id", "cf-ray")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says, whatever its shape."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    """The field that is at fault."""

    @property
    def is_empty(self) -> bool:
        return not (self.message or self.code or self.type)


class _Class(enum.Enum):
    KEY = enum.auto()
    BILLING = enum.auto()
    POLICY = enum.auto()
    CAPABILITY = enum.auto()
    MODEL = enum.auto()
    ADDRESS = enum.auto()
    LINKS = enum.auto()
    TOO_LARGE = enum.auto()
    TOO_MANY = enum.auto()
    FORBIDDEN = enum.auto()
    REDIRECT = enum.auto()
    FAULT = enum.auto()
    OTHER = enum.auto()


def request_id(headers: Headers) -> str | None:
    """The provider's own number of the request, where it gave one."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None)


def refusal(
    status: int,
    headers: Headers,
    body: bytes,
    *,
    had_key: bool = True,
    hide: Callable[[str], str] = str,
    here: bool = False,
    sent_urls: bool = False,
    clock: Callable[[], float] = time.time,
) -> GatewayError:
    """The error for a reply whose status is no success, or whose body is an error object.

    `hide` takes keys out of the provider's texts; `had_key` tells whether one was sent; `here` that the
    built-in engine answered, and no provider; `sent_urls` that the pictures went as data URLs.
    """
    complaint = read_complaint(body)
    words = _quote(hide(complaint.message))
    kind = _classify(status, complaint)
    told = f"{complaint.message} {complaint.param} {complaint.code}"
    if kind is _Class.OTHER and sent_urls and _LINK_WORDS.search(told):
        kind = _Class.LINKS
    if here:
        message, hint = _sentences_here(kind, words)
    else:
        message, hint = _sentences(kind, status, words, had_key)
        wait = _wait(asked_wait(headers, clock())) if kind in _PASSING else ""
        if wait:
            billed = tr("The edit may have been billed.") if kind is _Class.FAULT and status != 503 else ""
            hint = f"{billed} {wait}".strip()
        elif kind is _Class.REDIRECT:
            hint = _elsewhere(headers) or hint
    error = Unreachable if kind is _Class.FAULT else Refused
    return error(
        message,
        hint,
        details=hide(f"HTTP {status} {complaint.type} {complaint.code}: {body[:2000]!r}"),
        retryable=kind in _PASSING,
        request_id=request_id(headers),
        code=_CODES[kind],
    )


def takes_none_for_now(status: int, body: bytes) -> bool:
    """True for an answer that did no work and may be another one later; not for a lack of credit."""
    return status in {429, 503} and _classify(status, read_complaint(body)) in _PASSING


_PASSING = frozenset({_Class.FAULT, _Class.TOO_MANY})
_CODES = {
    _Class.KEY: "key_refused",
    _Class.BILLING: "billing",
    _Class.POLICY: "policy",
    _Class.CAPABILITY: "model_cannot_edit",
    _Class.MODEL: "unknown_model",
    _Class.ADDRESS: "wrong_address",
    _Class.LINKS: "wants_links",
    _Class.TOO_LARGE: "too_large",
    _Class.TOO_MANY: "rate_limited",
    _Class.FORBIDDEN: "forbidden",
    _Class.REDIRECT: "redirected",
    _Class.FAULT: "provider_fault",
    _Class.OTHER: "refused",
}


def read_complaint(body: bytes) -> Complaint:
    """What an error body says; empty for HTML, for nothing, and for what cannot be read."""
    try:
        content = parse_json(body)
    except (ValueError, RecursionError):
        text = body[:4000].decode("utf-8", "replace").strip()
        return Complaint() if text.startswith("<") else Complaint(message=text)
    return _complaint_in(content)


def error_object(content: object) -> bool:
    """True when a parsed reply is an error, whatever its status said."""
    return isinstance(content, dict) and bool(content.get("error"))


def _complaint_in(content: object, depth: int = 0) -> Complaint:
    if isinstance(content, str):
        return Complaint(message=content)
    if isinstance(content, list):
        return Complaint(message="; ".join(filter(None, map(_where_and_what, content))))
    if not isinstance(content, dict):
        return Complaint()
    error = content.get("error") or content.get("detail") or content.get("errors")
    if error and depth < 3:
        inner = _complaint_in(error, depth + 1)
        own = _own_words(content)
        return Complaint(
            inner.message or own.message,
            inner.code or own.code,
            inner.type or own.type,
            inner.param or own.param,
        )
    own = _own_words(content)
    nested = _nested(own.message) if depth < 3 else None
    return own if nested is None else nested


def _own_words(content: Mapping[Any, Any]) -> Complaint:
    def text(*names: str) -> str:
        values = (content.get(name) for name in names)
        return next((str(value) for value in values if isinstance(value, (str, int)) and value), "")

    return Complaint(
        text("message", "msg", "error_message", "title"), text("code"), text("type"), text("param")
    )


def _nested(message: str) -> Complaint | None:
    """A proxy puts the provider's own error as JSON into its message: that one tells more."""
    start = message.find("{")
    if start < 0:
        return None
    try:
        content, _end = json.JSONDecoder().raw_decode(message[start:])
    except (ValueError, RecursionError):
        # Some proxies write it as Python does.
        found = Complaint(**dict(_PYTHON_FIELD.findall(message, start)))
    else:
        found = _complaint_in(content, 1)
    return None if found.is_empty else found


def _where_and_what(item: object) -> str:
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return ""
    where = item.get("loc")
    path = ".".join(str(step) for step in where if step != "body") if isinstance(where, Sequence) else ""
    what = str(item.get("msg") or item.get("message") or "")
    return f"{path}: {what}" if path and what else what or path


def _classify(status: int, complaint: Complaint) -> _Class:
    if complaint.code.isdecimal() and 400 <= int(complaint.code) <= 599:
        # Proxies answer with one status and tell the real one in the code.
        status = int(complaint.code) if status in {200, 400, 500} else status
    by_code = _by_words(complaint)
    if by_code is not None:
        return by_code
    names = {complaint.code.lower(), complaint.type.lower()}
    if status >= 500 or status == 408 or (status == 200 and names & _FAULT_CODES):
        return _Class.FAULT
    if 300 <= status < 400:
        return _Class.REDIRECT
    if status == 404:
        return _Class.MODEL if _MODEL_WORDS.search(complaint.message) else _Class.ADDRESS
    by_status = {
        401: _Class.KEY,
        402: _Class.BILLING,
        403: _Class.FORBIDDEN,
        405: _Class.ADDRESS,
        413: _Class.TOO_LARGE,
        429: _Class.TOO_MANY,
    }
    return by_status.get(status, _Class.OTHER)


def _by_words(complaint: Complaint) -> _Class | None:
    names = {complaint.code.lower(), complaint.type.lower()}
    if names & _POLICY_CODES or "image_generation_user_error" in names:
        return _Class.POLICY
    if names & _BILLING_CODES:
        return _Class.BILLING
    if names & _KEY_CODES:
        return _Class.KEY
    if "model_capability_mismatch" in names:
        return _Class.CAPABILITY
    if names & _MODEL_CODES:
        return _Class.MODEL
    if names & _SIZE_CODES:
        return _Class.TOO_LARGE
    if names & _BUSY_CODES:
        return _Class.TOO_MANY
    if _POLICY_WORDS.search(complaint.message):
        return _Class.POLICY
    return None


def _sentences_here(kind: _Class, words: str) -> tuple[str, str]:
    """Of the built-in engine, which bills nothing and has no account."""
    if kind is _Class.TOO_LARGE:
        return _with(tr("The picture is too large for the built-in engine"), words), tr(
            "Choose less of the surroundings."
        )
    if kind in _PASSING:
        return _with(tr("The built-in engine failed"), words), tr("Try again. The log tells more.")
    return _with(tr("The built-in engine refused the request"), words), tr(
        "Check the mask and the parameters, or choose another model."
    )


def _sentences(kind: _Class, status: int, words: str, had_key: bool) -> tuple[str, str]:
    shown = f" ({status})" if status >= 300 else ""
    match kind:
        case _Class.KEY if not had_key:
            return tr("The provider wants a key."), tr("Store one with this provider.")
        case _Class.KEY:
            return tr("The key was refused."), tr(
                "Check the key of this provider and that it is still valid."
            )
        case _Class.FORBIDDEN:
            return _with(tr("The provider denies access"), words), tr(
                "Check what this key is allowed to do, or choose another model."
            )
        case _Class.BILLING:
            return _with(tr("The account with the provider has no credit left"), words), tr(
                "Add credit there, or choose another provider."
            )
        case _Class.POLICY:
            return _with(tr("The provider's content policy stopped this edit"), words), tr(
                "Change the prompt or the region; quote the request id if you ask the provider."
            )
        case _Class.CAPABILITY:
            return _with(tr("This model cannot edit pictures"), words), tr("Choose another model.")
        case _Class.MODEL:
            return _with(tr("The provider does not know this model"), words), tr(
                "Choose one from the provider's list of models."
            )
        case _Class.ADDRESS:
            return _with(tr("There are no image edits at this address"), words), tr(
                "Check the provider's base URL; it usually ends in /v1."
            )
        case _Class.LINKS:
            return _with(tr("The provider takes no pictures inside the request, only links"), words), tr(
                "Maskroom puts your pictures on no other host. Choose a provider or dialect that takes files."
            )
        case _Class.TOO_LARGE:
            return _with(tr("The pictures are too large for the provider"), words), tr(
                "Send less: a smaller size, or less of the surroundings."
            )
        case _Class.TOO_MANY:
            return _with(tr("The provider takes no more requests for now"), words), tr(
                "Wait a moment, then try again."
            )
        case _Class.REDIRECT:
            return tr("The address only points elsewhere{status}.", status=shown), tr(
                "Check the provider's base URL; it usually ends in /v1."
            )
        case _Class.FAULT:
            return _with(tr("Something failed on the provider's side{status}", status=shown), words), tr(
                "The edit may have been billed. Try again, or later."
            )
        case _Class.OTHER:
            return _with(tr("The provider refused the request{status}", status=shown), words), tr(
                "Check the parameters and the size, or choose another model."
            )


def _elsewhere(headers: Headers) -> str:
    url = headers.get("location", "")
    if url.startswith(("http://", "https://")):
        return tr("Set the provider's base URL to: {url}", url=_quote(url))
    return ""


def _wait(seconds: float | None) -> str:
    """What to do where the provider names a time."""
    if not seconds:
        return ""
    whole = math.ceil(seconds)
    if whole <= 120:
        return tr("It asks to wait {seconds} s. Try again then.", seconds=whole)
    return tr("It asks to wait {minutes} min. Try again then.", minutes=math.ceil(whole / 60))


def _with(sentence: str, words: str) -> str:
    return f"{sentence}: “{words}”" if words else f"{sentence}."


def _quote(text: str) -> str:
    """One line of a stranger's text, without control characters, at most `LONGEST_QUOTE` long."""
    start = text[: 4 * LONGEST_QUOTE]
    line = " ".join("".join(c if c.isprintable() else " " for c in start).split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"
