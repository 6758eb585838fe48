"""`maskroom edit` and `maskroom plan` over the built-in engine: the JSON, the files, the exit codes."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from app import __version__

Run = Callable[..., Any]

RESULT_KEYS = {
    "id",
    "output",
    "width",
    "height",
    "region",
    "outside_changed_pixels",
    "leak",
    "revised_prompt",
    "seed",
    "provider",
    "model",
    "request_id",
    "cost",
    "seconds",
    "lossy",
}


def read(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image)


def profile(path: Path) -> object:
    with Image.open(path) as image:
        return image.info["icc_profile"]


def outside(mask: Path) -> np.ndarray[Any, np.dtype[np.bool_]]:
    keep: np.ndarray[Any, np.dtype[np.bool_]] = read(mask) == 0
    return keep


def test_one_edit_changes_the_mask_and_nothing_else(
    maskroom: Run, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.png"
    done = maskroom("edit", photograph, "--mask", mask, "--output", out, "--seed", "5", "--json")
    assert done.code == 0
    (result,) = done.json["results"]
    assert set(result) == RESULT_KEYS
    assert done.json["errors"] == []
    assert (result["width"], result["height"], result["lossy"]) == (160, 120, False)
    assert (result["outside_changed_pixels"], result["leak"], result["seed"]) == (0, 0.0, 5)
    assert (result["provider"], result["model"]) == ("local", "auto")
    before, after = read(photograph), read(out)
    keep = outside(mask)
    assert np.array_equal(before[keep], after[keep])
    assert not np.array_equal(before[~keep], after[~keep])
    assert profile(out) == profile(photograph)
    region = result["region"]
    assert region["x"] <= 60
    assert region["x"] + region["width"] >= 100


def test_the_same_seed_gives_the_same_file(
    maskroom: Run, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    digests = []
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        out = tmp_path / name
        assert maskroom("edit", photograph, "--mask", mask, "--output", out, "--seed", seed).code == 0
        digests.append(hashlib.sha256(read(out).tobytes()).hexdigest())
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_sixteen_bits_stay_sixteen_bits(maskroom: Run, mask: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    deep = rng.integers(0, 65536, (120, 160, 3), dtype=np.uint16)
    source, out = tmp_path / "deep.tif", tmp_path / "deep-out.tif"
    assert cv2.imwrite(str(source), deep)
    done = maskroom("edit", source, "--mask", mask, "--output", out, "--model", "instant", "--json")
    assert done.code == 0
    after = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert after is not None
    assert after.dtype == np.uint16
    keep = outside(mask)
    assert np.array_equal(after[keep], deep[keep])
    assert done.json["results"][0]["outside_changed_pixels"] == 0


@pytest.mark.parametrize("command", ["edit", "plan"])
def test_what_was_converted_on_opening_is_said(
    maskroom: Run, photograph: Path, mask: Path, tmp_path: Path, command: str
) -> None:
    with Image.open(photograph) as image:
        image.convert("CMYK").save(tmp_path / "print.jpg")
    out = tmp_path / "out.png"
    done = maskroom(command, tmp_path / "print.jpg", "--mask", mask, "--model", "instant", "--output", out)
    assert done.code == 0
    assert "CMYK" in done.err


def test_several_variants_are_numbered_and_differ(
    maskroom: Run, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    out = tmp_path / "v.png"
    done = maskroom("edit", photograph, "--mask", mask, "--output", out, "--n", 2, "--seed", 1, "--json")
    names = [Path(result["output"]).name for result in done.json["results"]]
    assert names == ["v-1.png", "v-2.png"]
    assert not np.array_equal(read(tmp_path / "v-1.png"), read(tmp_path / "v-2.png"))


def test_without_output_it_lands_in_the_current_folder(
    maskroom: Run, photograph: Path, mask: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = maskroom("edit", photograph, "--mask", mask, "--model", "instant")
    assert done.code == 0
    assert done.out.strip() == "photo-edit-1.png"
    assert (tmp_path / "photo-edit-1.png").is_file()


def test_a_lossy_export_says_so(maskroom: Run, photograph: Path, mask: Path, tmp_path: Path) -> None:
    done = maskroom(
        "edit", photograph, "--mask", mask, "--output", tmp_path / "o.jpg", "--model", "instant", "--json"
    )
    assert done.json["results"][0]["lossy"] is True


def test_alpha_masks_and_inverted_masks(maskroom: Run, photograph: Path, mask: Path, tmp_path: Path) -> None:
    keep = outside(mask)
    hole = np.full((*keep.shape, 4), 255, np.uint8)
    hole[~keep, 3] = 0
    Image.fromarray(hole).save(tmp_path / "hole.png")
    Image.fromarray(np.where(keep, 255, 0).astype(np.uint8)).save(tmp_path / "black.png")
    outputs = []
    for i, words in enumerate(
        (
            ["--mask", mask],
            ["--mask", tmp_path / "hole.png"],
            ["--mask", tmp_path / "black.png", "--invert-mask"],
        )
    ):
        out = tmp_path / f"o{i}.png"
        assert maskroom("edit", photograph, *words, "--output", out, "--model", "instant").code == 0
        outputs.append(read(out))
    assert np.array_equal(outputs[0], outputs[1])
    assert np.array_equal(outputs[0], outputs[2])


def test_growing_widens_by_exactly_the_pixels(
    maskroom: Run, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    done = maskroom("plan", photograph, "--mask", mask, "--grow", 7, "--json")
    assert done.json["mask_bounds"] == {"x": 53, "y": 33, "width": 54, "height": 44}


def test_the_plan_sends_nothing_and_tells_what_is_dropped(
    maskroom: Run, photograph: Path, mask: Path
) -> None:
    done = maskroom(
        "plan", photograph, "--mask", mask, "--prompt", "a cat", "--strength", "0.5", "--seed", 3, "--json"
    )
    assert done.code == 0
    assert done.json["dropped"] == ["prompt", "strength"]
    assert done.json["parameters"] == {"seed": 3}
    assert done.json["stays_here"] is True
    assert done.json["cost"]["amount"] == 0
    assert maskroom("history", "list", "--json").json == {"entries": []}


def _wrong_size(folder: Path) -> list[object]:
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(folder / "small.png")
    return ["--mask", folder / "small.png"]


def _nothing_to_edit(folder: Path) -> list[object]:
    Image.fromarray(np.zeros((120, 160), np.uint8)).save(folder / "empty.png")
    return ["--mask", folder / "empty.png"]


def _no_picture(folder: Path) -> list[object]:
    (folder / "text.png").write_text("no picture")
    return ["--mask", folder / "text.png"]


@pytest.mark.parametrize(
    "bad",
    [
        _wrong_size,
        _nothing_to_edit,
        _no_picture,
        lambda folder: [],
        lambda folder: ["--mask", folder / "mask.png", "--output", folder / "no" / "where.png"],
        lambda folder: ["--mask", folder / "mask.png", "--output", folder / "what.xyz"],
        lambda folder: ["--mask", folder / "mask.png", "--provider", "nobody"],
        lambda folder: ["--mask", folder / "mask.png", "--seed", "-4"],
        lambda folder: ["--mask", folder / "mask.png", "--n", "0"],
        lambda folder: ["--mask", folder / "mask.png", "--strength", "nan"],
        lambda folder: ["--mask", folder / "mask.png", "--param", "guidance_scale=inf"],
        lambda folder: ["--mask", folder / "mask.png", "--size", "big"],
        lambda folder: ["--mask", folder / "mask.png", "--reference", folder / "photo.png"],
        lambda folder: ["--unknown"],
    ],
    ids=[
        "size", "empty", "text", "no-mask", "folder", "suffix", "provider", "seed", "n", "nan", "inf", "wxh",
        "reference", "option",
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_and_exit_code_two(
    maskroom: Run,
    photograph: Path,
    mask: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bad: Callable[[Path], list[object]],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = photograph.read_bytes()
    words = bad(tmp_path)
    done = maskroom("edit", photograph, *words, "--json")
    assert done.code == 2
    error = done.json["error"]
    assert set(error) == {"code", "message", "hint", "request_id"}
    assert error["message"].endswith(".")
    assert error["message"] in done.err
    assert photograph.read_bytes() == before
    assert not (tmp_path / "photo-edit-1.png").exists()


def test_nothing_left_to_heal_from_is_refused_in_words(
    maskroom: Run, photograph: Path, tmp_path: Path
) -> None:
    Image.fromarray(np.full((120, 160), 255, np.uint8)).save(tmp_path / "all.png")
    done = maskroom("edit", photograph, "--mask", tmp_path / "all.png", "--json")
    assert done.code == 3
    assert "nothing is left to heal from" in done.json["error"]["message"]
    assert done.json["error"]["request_id"].startswith("req")


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_no_photograph(maskroom: Run, mask: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    done = maskroom("edit", path, "--mask", mask)
    assert done.code == 2
    assert "broken.png" in done.err


def start(*words: object, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "app", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_version() -> None:
    with start("--version") as process:
        out, _ = process.communicate(timeout=30)
    assert out.strip() == f"maskroom {__version__}"


def limit_files(size: int) -> None:
    """No file may grow beyond `size` bytes: the nearest to a full disk that needs no mount."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(mask: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noisy = tmp_path / "noisy.png"
    Image.fromarray(rng.integers(0, 256, (120, 160, 3), dtype=np.uint8)).save(noisy)
    out = tmp_path / "out.tif"
    out.write_bytes(b"the old file")
    words = ["edit", noisy, "--mask", mask, "--model", "instant", "--output", out]
    with start(*words, preexec_fn=lambda: limit_files(40_000)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert err.startswith("maskroom: ")
    assert out.read_bytes() == b"the old file"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_result_that_finds_no_room_is_kept_in_the_history(maskroom: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    source, mask, out = tmp_path / "noisy.jpg", tmp_path / "m.png", tmp_path / "out.png"
    Image.fromarray(rng.integers(0, 256, (600, 600, 3), dtype=np.uint8)).save(source, quality=20)
    plane = np.zeros((600, 600), np.uint8)
    plane[10:20, 10:20] = 255
    Image.fromarray(plane).save(mask)
    words = ["edit", source, "--mask", mask, "--model", "instant", "--output", out]
    # Room for what the history keeps, and none for the lossless picture.
    with start(*words, preexec_fn=lambda: limit_files(800_000)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert not out.exists()
    (id,) = re.findall(r"history export (\S+)", err)
    assert maskroom("history", "export", id, "--output", out).code == 0
    assert out.stat().st_size > 400_000


def test_interrupting_ends_at_once_and_is_written_down(
    maskroom: Run, tmp_path: Path, maskroom_home: Path
) -> None:
    rng = np.random.default_rng(0)
    big = rng.integers(0, 256, (1400, 1400, 3), dtype=np.uint8)
    Image.fromarray(big).save(tmp_path / "big.png")
    plane = np.zeros((1400, 1400), np.uint8)
    plane[300:1000, 300:1000] = 255
    Image.fromarray(plane).save(tmp_path / "m.png")
    words = ["edit", tmp_path / "big.png", "--mask", tmp_path / "m.png", "--output", tmp_path / "o.png"]
    with start(*words, "--model", "patchmatch", "--n", "8", start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while '"running"' not in maskroom("history", "list", "--json").out:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.5)
        began = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        took = time.monotonic() - began
    assert process.returncode == 130
    assert "Traceback" not in err
    assert took < 5
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    assert entry["state"] == "cancelled"
    assert not (tmp_path / "o.png").exists()


def test_islands_each_are_requests_of_their_own_and_meet_in_one_file(
    maskroom: Run, photograph: Path, tmp_path: Path
) -> None:
    plane = np.zeros((120, 160), np.uint8)
    plane[10:20, 8:20] = plane[90:104, 130:146] = 255
    mask, out = tmp_path / "islands.png", tmp_path / "out.png"
    Image.fromarray(plane).save(mask)
    words = [photograph, "--mask", mask, "--model", "instant", "--context", "6", "--islands", "each"]
    planned = maskroom("plan", *words, "--json").json
    assert [each["mask_bounds"] for each in planned["requests"]] == [
        {"x": 8, "y": 10, "width": 12, "height": 10},
        {"x": 130, "y": 90, "width": 16, "height": 14},
    ]
    done = maskroom("edit", *words, "--n", "2", "--output", out, "--json")
    assert (done.code, done.json["errors"]) == (0, [])
    results = done.json["results"]
    assert [Path(each["output"]).name for each in results] == ["out-1.png"] * 2 + ["out-2.png"] * 2
    regions = [each["region"] for each in results]
    assert regions[:2] == regions[2:] == [each["region"] for each in planned["requests"]]
    assert len({each["id"] for each in results}) == 4
    assert [each["outside_changed_pixels"] for each in results] == [0] * 4
    before = read(photograph)
    changed = (before != read(tmp_path / "out-1.png")).any(axis=2)
    assert changed[10:20, 8:20].any()
    assert changed[90:104, 130:146].any()
    assert not changed[plane == 0].any()


def test_together_is_one_request(maskroom: Run, photograph: Path, tmp_path: Path) -> None:
    plane = np.zeros((120, 160), np.uint8)
    plane[10:20, 8:20] = plane[90:104, 130:146] = 255
    mask = tmp_path / "islands.png"
    Image.fromarray(plane).save(mask)
    words = [photograph, "--mask", mask, "--context", "6", "--json"]
    (one,) = maskroom("plan", *words).json["requests"]
    assert one["region"] == {"x": 2, "y": 4, "width": 150, "height": 106}


def test_a_region_by_hand_is_sent_and_holds_the_mask(maskroom: Run, photograph: Path, mask: Path) -> None:
    words = ["plan", photograph, "--mask", mask, "--json", "--region"]
    assert maskroom(*words, "50,30,70,60").json["region"] == {"x": 50, "y": 30, "width": 70, "height": 60}
    widened = maskroom(*words, "80,30,400,60").json
    assert widened["region"] == {"x": 60, "y": 30, "width": 100, "height": 60}
    assert "has to hold the mask" in widened["warnings"][0]
    assert maskroom(*words, "50,30,70").code == 2
