"""The grammar of the command line, and nothing else: words in, a namespace of plain values out."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from app import __version__
from app.base.errors import UsageError
from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.base.text import tr

FILE_CONVENTIONS = ("transparent", "white", "opaque")
ISLANDS = ("together", "each")
AUTO, WHOLE = "auto", "whole"
WIRE_CONVENTIONS = tuple(convention.value for convention in MaskConvention)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are errors of the house, so that --json can print them too."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            message[:1].upper() + message[1:] + ("" if message.endswith(".") else "."),
            tr("“{program} --help” tells what is possible.", program=self.prog),
        )


def make_parser() -> Parser:
    """The whole grammar."""
    parser = Parser(
        prog="maskroom",
        description=tr("Paint a mask, edit only that region, keep every other pixel."),
        epilog=tr("Without a command, or with files alone, the window opens."),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"maskroom {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    edit = commands.add_parser("edit", help=tr("edit a photograph"), allow_abbrev=False)
    plan = commands.add_parser(
        "plan", help=tr("what would be sent, where and at what price; sends nothing"), allow_abbrev=False
    )
    for command in (edit, plan):
        _add_edit_arguments(command)
    _add_providers(commands.add_parser("providers", help=tr("set up providers"), allow_abbrev=False))
    models = commands.add_parser("models", help=tr("the models of a provider"), allow_abbrev=False)
    models.add_argument("--provider", metavar="P")
    models.add_argument("--refresh", action="store_true", help=tr("ask the provider for its list"))
    _add_json(models)
    _add_history(commands.add_parser("history", help=tr("what was sent and received"), allow_abbrev=False))
    serve = commands.add_parser(
        "serve", help=tr("the built-in engine as a gateway on 127.0.0.1"), allow_abbrev=False
    )
    serve.add_argument("--port", type=_port, default=8765, metavar="N", help=tr("0 = a free one"))
    doctor = commands.add_parser("doctor", help=tr("what works and what is missing"), allow_abbrev=False)
    _add_json(doctor)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=tr("print JSON"))


def _add_edit_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("image", metavar="IMAGE")
    add("--mask", metavar="MASK", help=tr("without one the whole picture may change"))
    add("--mask-convention", choices=FILE_CONVENTIONS, help=tr("which pixels of the file are to be edited"))
    add("--invert-mask", action="store_true")
    add("--prompt", default="", metavar="TEXT")
    add("--provider", metavar="P")
    add("--model", metavar="M")
    add("--n", type=_count, default=1, metavar="N", help=tr("how many variants"))
    add("--size", type=_size, metavar="WxH|auto", help=tr("size on the wire, never of the output"))
    add("--strength", type=float, metavar="F")
    add("--guidance", type=float, metavar="F")
    add("--steps", type=int, metavar="N")
    add("--seed", type=int, metavar="N")
    add("--param", action="append", default=[], type=_pair, metavar="KEY=VALUE", help=tr("any other field"))
    add("--reference", action="append", default=[], metavar="IMAGE")
    add("--context", type=_context, default=AUTO, metavar="auto|PX|whole")
    add(
        "--islands",
        choices=ISLANDS,
        default=ISLANDS[0],
        help=tr("far parts of the mask: one request, or one each"),
    )
    add("--region", type=_rect, metavar="X,Y,W,H", help=tr("what is sent, at least; wins over --context"))
    add("--grow", type=_pixels, default=0, metavar="PX", help=tr("widen the mask"))
    add("--feather", type=_pixels, default=0, metavar="PX", help=tr("soften its edge inwards"))
    add("--output", metavar="FILE|DIR")
    add("--over-limit", action="store_true", help=tr("send even if that passes the provider's monthly limit"))
    _add_json(parser)


def _add_providers(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=Parser)
    _add_json(actions.add_parser("list", help=tr("all providers")))
    for name, text in (("show", tr("one provider")), ("remove", tr("forget one")), ("test", tr("reach one"))):
        action = actions.add_parser(name, help=text)
        action.add_argument("name", metavar="NAME")
        _add_json(action)
    _add_provider_settings(actions.add_parser("set", help=tr("add or change one"), allow_abbrev=False))


def _add_provider_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME")
    add("--like", metavar="P", help=tr("begin with what is known of a shipped provider"))
    add("--title", metavar="TEXT")
    add("--dialect", metavar="D")
    add("--base-url", metavar="U")
    add("--model", metavar="M")
    add("--models", type=_names, metavar="M,…", help=tr("more ids to offer"))
    add("--mask-convention", choices=WIRE_CONVENTIONS)
    add("--invert-mask", action=argparse.BooleanOptionalAction, default=None)
    add("--soft-masks", action=argparse.BooleanOptionalAction, default=None)
    add("--fields", type=_names, metavar="A,B,…", help=tr("the parameters its model takes, or “all”"))
    add("--sizes", type=_names, metavar="WxH,…", help=tr("the only sizes its model takes, or “all”"))
    add("--max-n", type=_count, metavar="N", help=tr("most images in one reply"))
    add("--concurrency", type=_count, metavar="N", help=tr("requests at once"))
    add("--timeout", type=_seconds, metavar="S", help=tr("seconds without a byte"))
    add("--monthly-limit", type=_money, metavar="F", help=tr("what may be spent in a month; 0 = no limit"))
    add("--most-images", type=_count, metavar="N", help=tr("pictures in one request"))
    add("--image-bytes", type=_bytes, metavar="N", help=tr("the most of one picture; 0 = no limit"))
    add("--mask-bytes", type=_bytes, metavar="N")
    add("--body-bytes", type=_bytes, metavar="N")
    add("--formats", type=_names, metavar="png,…", help=tr("what pictures may be sent as"))
    add("--extra", action="append", default=[], type=_pair, metavar="KEY=VALUE", help=tr("always sent"))
    add("--key-stdin", action="store_true", help=tr("read the key from standard input"))
    key = parser.add_mutually_exclusive_group()
    key.add_argument(
        "--no-key", dest="needs_key", action="store_false", default=None, help=tr("it wants none")
    )
    key.add_argument("--needs-key", dest="needs_key", action="store_true", default=None)
    _add_json(parser)


def _add_history(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=Parser)
    list_ = actions.add_parser("list", help=tr("the newest entries"))
    list_.add_argument("--limit", type=_count, default=50, metavar="N")
    list_.add_argument("--starred", action="store_true", help=tr("with a starred result"))
    list_.add_argument("--provider", metavar="P")
    list_.add_argument("--model", metavar="M")
    list_.add_argument("--tag", metavar="T")
    _add_json(list_)
    search = actions.add_parser("search", help=tr("entries whose prompt holds the words"))
    search.add_argument("text", metavar="TEXT")
    search.add_argument("--limit", type=_count, default=50, metavar="N")
    _add_json(search)
    show = actions.add_parser("show", help=tr("one entry, whole"))
    show.add_argument("id", metavar="ID")
    _add_json(show)
    export = actions.add_parser("export", help=tr("write a result again, at full size"))
    export.add_argument("id", metavar="ID", help=tr("of an entry or a result"))
    export.add_argument("--raw", action="store_true", help=tr("the received bytes as they arrived"))
    export.add_argument("--output", required=True, metavar="FILE")
    _add_json(export)
    rebuild = actions.add_parser("rebuild", help=tr("make a new database of all that can be read"))
    _add_json(rebuild)
    _add_housekeeping(actions)


def _add_housekeeping(actions: argparse._SubParsersAction[Parser]) -> None:
    costs = actions.add_parser("costs", help=tr("what was spent, month by month"))
    costs.add_argument("--month", type=_month, metavar="YYYY[-MM]")
    _add_json(costs)
    _add_json(actions.add_parser("space", help=tr("what the history takes on the disk")))
    clean = actions.add_parser("clean", help=tr("make room; starred and applied results stay"))
    clean.add_argument(
        "--to", type=_size_of_files, metavar="SIZE", help=tr("such as 500MB or 4GB, the oldest first")
    )
    clean.add_argument("--older-than", type=_count, metavar="DAYS")
    clean.add_argument("--keep-bin", action="store_true", help=tr("leave what lies in the bin"))
    clean.add_argument("--dry-run", action="store_true", help=tr("say what would go; delete nothing"))
    _add_json(clean)
    archive = actions.add_parser("archive", help=tr("all of it as one file"))
    archive.add_argument("--output", required=True, metavar="FILE")
    _add_json(archive)
    import_ = actions.add_parser("import", help=tr("take in such a file"))
    import_.add_argument("file", metavar="FILE")
    _add_json(import_)


def _bad(text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(text)


def _count(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 1000:
        return int(text)
    raise _bad(tr("“{text}” is not a number from 1 to 1000", text=text))


def _pixels(text: str) -> int:
    if text.isdecimal() and int(text) <= 10_000:
        return int(text)
    raise _bad(tr("“{text}” is not a number of pixels", text=text))


def _bytes(text: str) -> int:
    if text.isdecimal() and int(text) < 1 << 40:
        return int(text)
    raise _bad(tr("“{text}” is not a number of bytes", text=text))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds < float("inf"):
        return seconds
    raise _bad(tr("“{text}” is not a time in seconds", text=text))


def _money(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if 0 <= amount < float("inf"):
        return amount
    raise _bad(tr("“{text}” is not an amount of money", text=text))


def _month(text: str) -> str:
    if re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", text):
        return text
    raise _bad(tr("“{text}” is no month such as 2026-11", text=text))


def _size_of_files(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kMGT]?)B?", text, re.IGNORECASE)
    if match is None:
        raise _bad(tr("“{text}” is no size such as 500MB", text=text))
    return int(float(match[1]) * 1000 ** " kmgt".index(match[2].lower() or " "))


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise _bad(tr("“{text}” is not a port", text=text))


def _size(text: str) -> Size | None:
    if text == AUTO:
        return None
    width, cross, height = text.lower().partition("x")
    if cross and width.isdecimal() and height.isdecimal() and int(width) and int(height):
        return Size(int(width), int(height))
    raise _bad(tr("“{text}” is neither WxH nor auto", text=text))


def _context(text: str) -> str | int:
    """`AUTO`, `WHOLE`, or pixels on every side."""
    return text if text in (AUTO, WHOLE) else _pixels(text)


def _rect(text: str) -> Rect:
    """X,Y,W,H in pixels of the photograph."""
    parts = text.split(",")
    if len(parts) == 4 and all(part.isdecimal() for part in parts) and int(parts[2]) and int(parts[3]):
        return Rect(*map(int, parts))
    raise _bad(tr("“{text}” is not X,Y,W,H in pixels", text=text))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if equals and key:
        return key, value
    raise _bad(tr("“{text}” is not KEY=VALUE", text=text))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
