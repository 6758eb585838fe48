"""Documents of ours in Krita: it must show what we do. The Python beside it needs no peers' environment.

Krita exports only where it could show a window, so it is given a display of its own. What it makes of a document
has 8 bits always.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.base.geometry import Rect
from app.document.openraster_reader import read_openraster
from app.imaging.arrays import U8, to_eight_bits
from app.imaging.colour import ColourSpace
from app.imaging.encoders import encode_png_file
from app.imaging.load import load_photograph
from app.imaging.photograph import Channels, Metadata, Photograph
from app.imaging.recipe import BlendMode
from tests.document.saving import document_of, saved_document, soft_layer, written
from tests.imaging.pictures import noise

SECONDS = 180
MODES = [(mode, opacity) for mode in BlendMode for opacity in (1.0, 0.73)]


@pytest.fixture(scope="session")
def krita(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its program, with DISPLAY pointing to where it may run."""
    program, server = shutil.which("krita"), shutil.which("Xvfb")
    if program is None or server is None:
        pytest.skip("Krita and Xvfb are not both installed")
    reader, writer = os.pipe()
    words = [server, "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.DEVNULL) as display:
        os.close(writer)
        with os.fdopen(reader) as told, pytest.MonkeyPatch.context() as environment:
            environment.setenv("DISPLAY", f":{told.readline().strip()}")
            yield program
        display.terminate()


def by_krita(program: str, document: bytes, folder: Path, suffix: str = ".png") -> bytes:
    """What Krita makes of a document, as a file of another kind."""
    source, target = folder / "document.ora", folder / f"exported{suffix}"
    source.write_bytes(document)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "xcb",
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
    }
    words = [program, "--export", "--export-filename", str(target), str(source)]
    subprocess.run(words, env=environment, capture_output=True, check=True, timeout=SECONDS)
    return target.read_bytes()


def shown(photograph: Photograph) -> U8:
    """Eight bits of RGB in its own colour space."""
    samples = to_eight_bits(photograph.samples)
    if photograph.channels.is_gray:
        grey = samples if samples.ndim == 2 else samples[..., 0]
        samples = np.dstack((grey, grey, grey))
    return np.ascontiguousarray(samples[..., :3])


def photograph_file(channels: Channels, bits: int) -> bytes:
    samples = noise(channels, bits, 240, 320)
    if channels.has_alpha:
        samples[: 240 // 2, :, -1] = np.iinfo(samples.dtype).max
        samples[200:, :, -1] = 0
    return encode_png_file(samples, Metadata())


@pytest.mark.timeout(3 * SECONDS)
def test_plain_layers_on_an_ordinary_photograph_are_the_same_to_the_bit(krita: str, tmp_path: Path) -> None:
    source = photograph_file(Channels.RGB, 8)
    layers = tuple(soft_layer(str(n), Rect(20 + 60 * n, 10 + 30 * n, 120, 90), n) for n in range(4))
    document = document_of(load_photograph(source, name="noise.png"), layers)
    exported = load_photograph(by_krita(krita, written(document, saved_document(document, source)), tmp_path))
    assert np.array_equal(shown(exported), document.flatten_samples())


@pytest.mark.timeout(3 * SECONDS)
@pytest.mark.parametrize(
    ("channels", "bits"),
    [(Channels.RGB, 8), (Channels.RGB, 16), (Channels.GRAY, 16), (Channels.RGBA, 8)],
)
def test_every_mode_and_opacity_is_within_a_level(
    krita: str, tmp_path: Path, channels: Channels, bits: int
) -> None:
    source = photograph_file(channels, bits)
    layers = tuple(
        soft_layer(str(n), Rect((n % 5) * 60, (n // 5) * 55, 64, 60), n, mode, opacity)
        for n, (mode, opacity) in enumerate(MODES)
    )
    document = document_of(load_photograph(source, name="noise.png"), layers)
    exported = load_photograph(by_krita(krita, written(document, saved_document(document, source)), tmp_path))
    ours = document.flatten_photograph()
    space = ColourSpace(exported.metadata.icc, exported.channels)
    assert space.is_srgb
    visible = np.ones((240, 320), np.bool_)
    if channels.has_alpha:
        alpha = ours.samples[..., -1]
        assert np.array_equal(to_eight_bits(exported.samples)[..., -1], to_eight_bits(ours.samples)[..., -1])
        visible = alpha > 0
    difference = np.abs(shown(exported).astype(int) - shown(ours))[visible]
    assert difference.max() <= 1


@pytest.mark.timeout(3 * SECONDS)
def test_what_krita_saved_opens_here_as_it_looks(krita: str, tmp_path: Path) -> None:
    source = photograph_file(Channels.RGB, 8)
    layers = tuple(soft_layer(str(n), Rect(20 + 60 * n, 10 + 30 * n, 120, 90), n) for n in range(3))
    document = document_of(load_photograph(source, name="noise.png"), layers)
    data = by_krita(krita, written(document, saved_document(document, source)), tmp_path, ".ora")
    back = read_openraster(data, "krita.ora")
    assert back.notes == ()
    assert len(back.layers) == 3
    again = document_of(back.photograph, back.layers).flatten_samples()
    assert np.abs(again[..., :3].astype(int) - document.flatten_samples()).max() <= 1
