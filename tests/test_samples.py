"""The shipped photographs: there, readable, small enough, and each with its source and licence told."""

from pathlib import Path

from PIL import Image


def test_each_photograph_opens_and_is_credited(samples: Path) -> None:
    credits_text = (samples / "README.md").read_text(encoding="utf-8")
    photographs = [path for path in samples.iterdir() if path.suffix in {".png", ".jpg"}]
    assert len(photographs) >= 4
    for path in photographs:
        with Image.open(path) as image:
            image.load()
            assert min(image.size) >= 300
        assert f"`{path.name}`" in credits_text


def test_the_photographs_stay_small(samples: Path) -> None:
    assert sum(path.stat().st_size for path in samples.iterdir()) < 2_500_000
