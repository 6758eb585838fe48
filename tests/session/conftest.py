"""A workspace on a data folder of its own, and small photographs to open in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.base.notices import Notice, Notices
from app.session.bootstrap import build_workspace
from app.session.document_session import DocumentSession
from app.session.workspace import Workspace
from app.settings.folders import Folders


@pytest.fixture
def told() -> list[Notice]:
    """Every notice of the test."""
    return []


@pytest.fixture
async def workspace(maskroom_home: Path, told: list[Notice]) -> AsyncIterator[Workspace]:
    """The real thing, on the built-in engine."""
    notices = Notices()
    notices.subscribe(told.append)
    made = build_workspace(Folders(maskroom_home), {}, notices)
    yield made
    await made.aclose()


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """160 x 120, a slope with grain."""
    rng = np.random.default_rng(2)
    ys, xs = np.mgrid[0:120, 0:160]
    pixels = np.stack([xs, ys * 2, 255 - xs], axis=2) + rng.integers(-8, 9, (120, 160, 3))
    path = tmp_path / "hill.png"
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
async def opened(workspace: Workspace, photograph: Path) -> DocumentSession:
    """The photograph, open and ready, with the instant model chosen."""
    (session,) = await workspace.open_files([photograph])
    session.form.set_provider("local", "instant")
    return session
