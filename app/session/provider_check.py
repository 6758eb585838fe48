"""Reaching a provider without paying: is it there, does it take the key, which models has it, what is its mask."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.base.errors import GatewayError
from app.base.states import MaskConvention
from app.base.text import tr, tr_count
from app.gateways.discovery import ListedModel
from app.gateways.types import Profile, Transport
from app.session.workspace import Workspace

_NO_CONNECTION = frozenset({"unreachable", "timed_out"})
_KEY_IS_WRONG = "key_refused"
_NO_LIST = frozenset({"bad_reply", "wrong_address", "unknown_model"})
"""Codes of answers that only say that there is no list of models; edits may work all the same."""


class KeyVerdict(enum.Enum):
    """What became of the key."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    MISSING = "missing"
    """The provider asked for one, and there is none."""
    NONE = "none"
    """None was sent and none was asked for."""
    UNKNOWN = "unknown"
    """The answer says nothing about it."""


@dataclass(frozen=True, slots=True)
class ProviderCheck:
    """What was found out."""

    name: str
    host: str
    stays_here: bool
    reached: bool
    key: KeyVerdict
    models: tuple[ListedModel, ...]
    model: str
    """The one that is chosen first."""
    convention: MaskConvention
    invert: bool
    error: GatewayError | None = None
    """Why there is no list."""

    @property
    def fails(self) -> bool:
        """True when an edit cannot be expected to work; a missing list alone is no failure."""
        return self.error is not None and self.error.code not in _NO_LIST

    @property
    def mask_meaning(self) -> str:
        """Which pixels of the mask are edited, in a sentence."""
        return self.convention.meaning(self.invert)

    def sentences(self) -> tuple[str, ...]:
        """What was found, in words."""
        found = [self._about_reaching()]
        if self.reached:
            found += [self._about_key(), self._about_models()]
        return (*(text for text in found if text), self.mask_meaning)

    def _about_reaching(self) -> str:
        if self.stays_here:
            return tr("It runs inside Maskroom; nothing leaves this computer.")
        if not self.reached and self.error is not None:
            return f"{self.error.message} {self.error.hint}".strip()
        return tr("{host} answers.", host=self.host)

    def _about_key(self) -> str:
        if self.stays_here:
            return ""
        return {
            KeyVerdict.ACCEPTED: tr("The key was accepted."),
            KeyVerdict.REFUSED: tr("The key was refused."),
            KeyVerdict.MISSING: tr("It wants a key, and none is stored."),
            KeyVerdict.NONE: tr("No key was sent, and none was asked for."),
            KeyVerdict.UNKNOWN: tr("Nothing was said about the key."),
        }[self.key]

    def _about_models(self) -> str:
        if self.key in (KeyVerdict.REFUSED, KeyVerdict.MISSING):
            return ""
        if self.fails and self.error is not None:
            return f"{self.error.message} {self.error.hint}".strip()
        if not self.models:
            return tr("It gives no list of models; type a model's id.")
        if all(model.can_edit is None for model in self.models):
            about = tr_count(
                "It lists 1 model and does not tell whether it edits pictures.",
                "It lists {count} models and does not tell which edit pictures.",
                len(self.models),
            )
        else:
            able = sum(1 for model in self.models if model.can_edit)
            about = tr_count(
                "It lists 1 model, which edits pictures."
                if able
                else "It lists 1 model, which does not edit pictures.",
                "It lists {count} models; {able} of them edit pictures.",
                len(self.models),
                able=able,
            )
        if self.model and self.model not in {model.id for model in self.models}:
            about += " " + tr("“{model}” is not in the list.", model=self.model)
        return about


async def check_provider(workspace: Workspace, profile: Profile, key: str | None = None) -> ProviderCheck:
    """Ask `profile` for its models and keep the list; costs nothing and never raises for what it finds.

    `key` is one that was typed and not stored yet; None = the stored one.
    """
    if not profile.needs_key:
        key = None
    elif key is None:
        key = await workspace.secrets.get(profile.name)
    error: GatewayError | None = None
    models: tuple[ListedModel, ...] = ()
    try:
        models = (await workspace.models.refresh(profile, key or "")).models
    except GatewayError as fault:
        error = fault
    return ProviderCheck(
        name=profile.name,
        host=urlsplit(profile.base_url).netloc,
        stays_here=profile.transport is Transport.IN_PROCESS,
        reached=error is None or error.code not in _NO_CONNECTION,
        key=_key_verdict(error, bool(key)),
        models=models,
        model=profile.default_model,
        convention=profile.mask_convention,
        invert=profile.invert_mask,
        error=error,
    )


def _key_verdict(error: GatewayError | None, had_key: bool) -> KeyVerdict:
    if error is None:
        return KeyVerdict.ACCEPTED if had_key else KeyVerdict.NONE
    if error.code == _KEY_IS_WRONG:
        return KeyVerdict.REFUSED if had_key else KeyVerdict.MISSING
    return KeyVerdict.UNKNOWN
