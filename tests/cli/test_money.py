"""What the command line says of money: the same sums that the gateway's own log comes to, and a limit that holds."""

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.base.errors import ExitCode
from tests.cli.conftest import Gateway, picture

PRICES = {"input_text": 5.0, "input_image": 10.0, "output": 40.0}


def set_up(maskroom: Any, gateway: Gateway, maskroom_home: Path, *more: str, price: str = "") -> None:
    """A provider `shop` with one model, which has the price of these words."""
    assert maskroom("providers", "set", "shop", "--dialect", "openai-multipart", "--base-url", gateway.base_url,
                    "--model", "painter", "--no-key", *more).code == 0  # fmt: skip
    if price:
        file = maskroom_home / "providers.toml"
        takes = 'takes = ["prompt", "n", "quality"], max_n = 4'
        card = f'id = "painter", title = "Painter", {takes}, price = {{ {price} }}'
        file.write_text(file.read_text() + f"cards = [{{ {card} }}]\n")


def answer(gateway: Gateway, text: int, images: int, out: int, count: int = 1) -> float:
    """Let the gateway answer with so many tokens; returns what its log says that it costs."""
    gateway.answer_with(picture(4))
    reply = json.loads(gateway.reply)
    reply["data"] *= count
    reply["usage"] = {
        "input_tokens": text + images,
        "output_tokens": out,
        "total_tokens": text + images + out,
        "input_tokens_details": {"text_tokens": text, "image_tokens": images},
    }
    gateway.reply = json.dumps(reply).encode()
    return (text * PRICES["input_text"] + images * PRICES["input_image"] + out * PRICES["output"]) / 1e6


def edit(maskroom: Any, photograph: Path, mask: Path, tmp_path: Path, *words: str) -> Any:
    return maskroom("edit", photograph, "--mask", mask, "--provider", "shop", "--prompt", "a door",
                    "--output", tmp_path / "x.png", "--json", *words)  # fmt: skip


def test_the_money_shown_is_the_sum_of_the_gateway_s_log(
    maskroom: Any, gateway: Gateway, photograph: Path, mask: Path, tmp_path: Path, maskroom_home: Path
) -> None:
    tokens = ", ".join(f"{name} = {price}" for name, price in PRICES.items())
    set_up(maskroom, gateway, maskroom_home, price=f'currency = "USD", amount = 9.0, tokens = {{ {tokens} }}')
    log = []
    for text, images, out, count in ((12, 323, 272, 1), (7, 1290, 4160, 2), (55, 0, 1, 1)):
        log.append(answer(gateway, text, images, out, count))
        ran = edit(maskroom, photograph, mask, tmp_path, "--n", str(count))
        assert ran.code == ExitCode.DONE
        costs = [result["cost"] for result in ran.json["results"]]
        assert all(not cost["estimated"] and cost["currency"] == "USD" for cost in costs)
        assert math.isclose(math.fsum(cost["amount"] for cost in costs), log[-1], rel_tol=1e-12)
    told = maskroom("history", "costs", "--json")
    assert told.code == ExitCode.DONE, told.out
    [month] = told.json["months"]
    assert math.isclose(month["amount"], math.fsum(log), rel_tol=1e-12)
    assert (month["images"], month["estimated"], month["pending"], month["unsure"]) == (4, 0.0, 0.0, 0.0)
    listed = maskroom("history", "list", "--json").json["entries"]
    shown = [result["cost"]["amount"] for entry in listed for result in entry["results"]]
    assert math.isclose(math.fsum(shown), math.fsum(log), rel_tol=1e-12)
    with sqlite3.connect(maskroom_home / "history" / "history.sqlite") as database:
        usage = [json.loads(row[0]) for row in database.execute("SELECT usage FROM entries ORDER BY created")]
    database.close()
    assert [each["input_text_tokens"] for each in usage] == [12, 7, 55]


def test_without_usage_the_published_price_counts_and_grows_with_the_picture(
    maskroom: Any, gateway: Gateway, photograph: Path, mask: Path, tmp_path: Path, maskroom_home: Path
) -> None:
    set_up(maskroom, gateway, maskroom_home, price='currency = "EUR", amount = 0.5, size = "80x60"')
    gateway.answer_with(picture(4))
    plan = maskroom(
        "plan", photograph, "--mask", mask, "--provider", "shop", "--context", "whole", "--json"
    ).json
    [result] = edit(maskroom, photograph, mask, tmp_path, "--context", "whole").json["results"]
    sent = plan["size_send"]["width"] * plan["size_send"]["height"]
    expected = {"amount": 0.5 * sent / (80 * 60), "currency": "EUR", "estimated": True}
    assert result["cost"] == expected
    assert plan["cost"] == expected


def test_a_provider_s_own_price_counts_first(
    maskroom: Any, gateway: Gateway, photograph: Path, mask: Path, tmp_path: Path, maskroom_home: Path
) -> None:
    assert maskroom("providers", "set", "shop", "--like", "litellm", "--base-url", gateway.base_url,
                    "--model", "painter", "--no-key").code == 0  # fmt: skip
    answer(gateway, 1, 2, 3)
    gateway.headers_out = {"x-litellm-response-cost": "0.0123"}
    [result] = edit(maskroom, photograph, mask, tmp_path).json["results"]
    assert result["cost"] == {"amount": 0.0123, "currency": "USD", "estimated": False}
    gateway.headers_out = {"x-litellm-response-cost": "priceless"}
    [result] = edit(maskroom, photograph, mask, tmp_path).json["results"]
    assert result["cost"] is None


def test_the_monthly_limit_holds_a_request_back_before_it_is_sent(
    maskroom: Any, gateway: Gateway, photograph: Path, mask: Path, tmp_path: Path, maskroom_home: Path
) -> None:
    set_up(
        maskroom, gateway, maskroom_home, "--monthly-limit", "1.20", price='currency = "USD", amount = 0.5'
    )
    gateway.answer_with(picture(4))
    for _turn in range(2):
        assert edit(maskroom, photograph, mask, tmp_path).code == ExitCode.DONE
    held = edit(maskroom, photograph, mask, tmp_path)
    assert (held.code, held.json["error"]["code"]) == (ExitCode.USAGE, "over_limit")
    assert "1.00 of 1.20 USD" in held.json["error"]["message"]
    assert len(gateway.bodies) == 2
    assert edit(maskroom, photograph, mask, tmp_path, "--over-limit").code == ExitCode.DONE
    assert maskroom("providers", "set", "shop", "--monthly-limit", "2").code == 0
    assert edit(maskroom, photograph, mask, tmp_path).code == ExitCode.DONE
    assert edit(maskroom, photograph, mask, tmp_path).code == ExitCode.USAGE
    assert len(gateway.bodies) == 4
    assert maskroom("providers", "set", "shop", "--monthly-limit", "0").code == 0
    assert edit(maskroom, photograph, mask, tmp_path).code == ExitCode.DONE


@pytest.mark.parametrize("limit", ["-1", "much", "inf"])
def test_a_limit_that_is_none_is_refused(maskroom: Any, gateway: Gateway, limit: str) -> None:
    assert maskroom("providers", "set", "shop", f"--monthly-limit={limit}").code == ExitCode.USAGE


def test_making_room_and_the_archive(
    maskroom: Any, gateway: Gateway, photograph: Path, mask: Path, tmp_path: Path, maskroom_home: Path
) -> None:
    set_up(maskroom, gateway, maskroom_home)
    gateway.answer_with(picture(4))
    [applied] = edit(maskroom, photograph, mask, tmp_path).json["results"]
    space = maskroom("history", "space", "--json").json
    assert space["documents"][0]["document_name"] == photograph.name
    assert space["total"] == space["files"] + space["database"]
    packed = maskroom("history", "archive", "--output", tmp_path / "all.zip", "--json").json
    assert packed["images"] >= 4
    # What was written to a file counts as applied, so it stays.
    assert maskroom("history", "clean", "--to", "1kB", "--json").json["deleted"] == 0
    with sqlite3.connect(maskroom_home / "history" / "history.sqlite") as database:
        database.execute("UPDATE results SET applied = 0")
    database.close()
    assert maskroom("history", "clean", "--to", "1kB", "--dry-run", "--json").json["deleted"] == 0
    assert maskroom("history", "clean", "--to", "1kB", "--json").json["deleted"] == 1
    assert maskroom("history", "list", "--json").json["entries"] == []
    came = maskroom("history", "import", tmp_path / "all.zip", "--json").json
    assert came == {"added": 1, "known": 0, "broken": 0}
    again = maskroom("history", "export", applied["id"], "--output", tmp_path / "again.png", "--json")
    assert again.code == 0
    assert (tmp_path / "again.png").read_bytes() == Path(applied["output"]).read_bytes()
