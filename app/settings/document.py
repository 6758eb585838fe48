"""Between the settings and a TOML document: whatever a file holds, sound settings come of it.

A value of another kind falls back to its default and one out of range to the nearest that is in it, each
with a line in the log. What this version does not know stays in the document as it is.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from app.settings.model import Option, Settings, option_of

log = logging.getLogger(__name__)


def settings_from(document: Mapping[str, Any]) -> Settings:
    """The settings that a document holds; defaults for what it does not say."""
    sections: dict[str, Any] = {}
    for described in fields(Settings):
        table = document.get(described.name, {})
        section = getattr(Settings(), described.name)
        if not isinstance(table, Mapping):
            log.warning("settings: %s is no table; its defaults are used", described.name)
            table = {}
        sections[described.name] = changed_section(described.name, section, table)
    return Settings(**sections)


def changed_section(name: str, section: Any, values: Mapping[str, Any]) -> Any:
    """The section with those of `values` that it knows, brought into their ranges."""
    sound: dict[str, Any] = {}
    for described in fields(section):
        if described.name in values:
            value = _sound(values[described.name], option_of(described))
            if value is None:
                log.warning("settings: %s.%s is of another kind; left as it was", name, described.name)
                continue
            if value != values[described.name] and not isinstance(value, tuple):
                log.warning("settings: %s.%s was out of range; now %r", name, described.name, value)
            sound[described.name] = value
    return replace(section, **sound)


def write_into(document: dict[str, Any], settings: Settings, touched: Collection[tuple[str, str]]) -> None:
    """Put the touched settings, given by section and name, into the document; defaults need no mention."""
    for section, name in sorted(touched):
        value, default = (getattr(getattr(each, section), name) for each in (settings, Settings()))
        found = document.get(section)
        table = dict(found) if isinstance(found, Mapping) else {}
        table.pop(name, None)
        if value != default:
            table[name] = list(value) if isinstance(value, tuple) else value
        if table:
            document[section] = table
        else:
            document.pop(section, None)


def _sound(value: Any, option: Option) -> Any:
    """The nearest value that the option may have; None when there is none."""
    if option.auto and value == "auto":
        return value
    if option.kind is bool:
        return value if isinstance(value, bool) else None
    if option.kind in (int, float):
        return _number(value, option)
    if option.kind is tuple:
        return (
            tuple(each for each in value if isinstance(each, str))
            if isinstance(value, list | tuple)
            else None
        )
    if not isinstance(value, str) or (option.pattern and not re.fullmatch(option.pattern, value)):
        return None
    return value


def _number(value: Any, option: Option) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if option.minimum is not None:
        value = max(value, option.minimum)
    if option.maximum is not None:
        value = min(value, option.maximum)
    return round(value) if option.kind is int else float(value)
