"""The form as files keep it: it comes back as it was, and nothing in a file can ask for the impossible."""

from __future__ import annotations

import pytest

from app.base.geometry import Rect, Size
from app.edits.types import Context, Islands, ParameterValue
from app.session.form import EditForm
from app.session.form_entry import fill_form, form_entry
from app.session.workspace import Workspace


def test_what_is_kept_comes_back(workspace: Workspace) -> None:
    form, other = EditForm(workspace.providers.get, "local"), EditForm(workspace.providers.get, "local")
    form.set_prompt("a red boat")
    form.set_variants(4)
    form.set_feather(9)
    form.set_context(Context(share=0.25, pixels=40, region=Rect(1, 2, 30, 40)))
    form.set_islands(Islands.EACH)
    form.set_grow(12)
    form.set_size(Size(1024, 768))
    fill_form(other, form_entry(form))
    assert form_entry(other) == form_entry(form)
    assert (other.context, other.islands, other.size) == (form.context, Islands.EACH, Size(1024, 768))


@pytest.mark.parametrize(
    "kept",
    [
        {"context_share": 1e308, "grow": 10**12, "context_pixels": 10**30},
        {"context_share": "inf", "grow": "-inf", "context_pixels": -5},
        {"context_share": "nan", "grow": "x", "size": "0x0", "islands": "none"},
        {"size": "1024", "context_region": "1,2", "islands": 7, "grow": 10**400},
        {"size": "-5x-4", "context_share": -1.0},
    ],
)
def test_what_a_file_asks_for_stays_within_reason(
    workspace: Workspace, kept: dict[str, ParameterValue]
) -> None:
    form = EditForm(workspace.providers.get, "local")
    fill_form(form, {"kept": kept, "variants": 10**9, "feather": -3})
    assert 0 <= form.context.share <= 10
    assert form.context.pixels is None or 0 <= form.context.pixels <= 100_000
    assert form.grow is None or 0 <= form.grow <= 500
    assert form.context.region is None
    assert form.islands is Islands.TOGETHER
    assert form.size is None
    assert (form.variants, form.feather) == (10, 0)
