"""The house rules that a test can hold: who may import whom, what an import may do, how large files grow.

The table below is the architecture. A new package starts as a row of it; an import off the table is a fault
of the design and is mended there, never here.
"""

import ast
import dataclasses
import enum
import functools
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"

# package: the packages it may import. Every import counts, inside functions and under TYPE_CHECKING too.
MAY_IMPORT = {
    "base": set(),
    "imaging": {"base"},
    "document": {"base", "imaging"},
    "edits": {"base", "imaging"},
    "gateways": {"base", "imaging", "edits"},
    "engines": {"base", "imaging", "edits"},
    "server": {"base", "imaging", "edits", "gateways", "engines"},
    "jobs": {"base"},
    "history": {"base"},
    "settings": {"base"},
    "session": {
        *("base", "imaging", "document", "edits", "gateways", "engines", "server"),
        *("jobs", "history", "settings"),
    },
    "cli": {"base", "settings", "session", "server"},
    "ui": {"base", "imaging", "document", "settings", "session"},
    "__init__": set(),
    "__main__": {"cli", "ui"},
}
# Of these the outer rooms may know the frozen types and enums, to show them, and nothing that acts.
TYPES_ONLY = {
    "cli": {"edits", "jobs", "history", "gateways"},
    "ui": {"edits", "jobs", "history", "gateways"},
}
# Libraries that belong to one room, or to a few.
ROOMS_OF_LIBRARY = {
    "PySide6": {"ui"},
    "shiboken6": {"ui"},
    "qasync": {"ui"},
    "starlette": {"server"},
    "uvicorn": {"server"},
    "patchmatch": {"engines"},
    "sqlite3": {"history"},
    "keyring": {"settings"},
    "argparse": {"cli"},
}
LONGEST_FILE = 600
MOST_METHODS = 25
# Qt's own vocabulary: overriding its virtual methods makes no class harder to understand.
OVERRIDES = re.compile(
    r"^(.*Event|eventFilter|sizeHint|minimumSizeHint|paint|data|rowCount|flags|index|parent)$"
)


@dataclasses.dataclass(frozen=True)
class Import:
    """One imported name: `module` is absolute, `name` is None for a bare `import module`."""

    file: Path
    line: int
    module: str
    name: str | None

    def __str__(self) -> str:
        what = f"from {self.module} import {self.name}" if self.name else f"import {self.module}"
        return f"{self.file.relative_to(ROOT)}:{self.line}: {what}"


def sources() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(path: Path) -> str:
    return path.relative_to(APP).with_suffix("").parts[0]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path, tree: ast.Module | None = None) -> Iterator[Import]:
    """Yield every import of a file, relative ones resolved, wherever it stands."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree or tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name, None)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *((node.module,) if node.module else ())))
            for alias in node.names:
                yield Import(path, node.lineno, module, alias.name)


def room_imported(found: Import) -> str | None:
    """The room of ours that an import reaches into; None for libraries, "" for all of `app` at once."""
    parts = found.module.split(".")
    if parts[0] != "app":
        return None
    if len(parts) > 1:
        return parts[1]
    return found.name if found.name in MAY_IMPORT else ("" if found.name is None else "__init__")


def is_plain_type(thing: object) -> bool:
    """Tell frozen data, enums and names of types from whatever can act."""
    if isinstance(thing, type) and not isinstance(thing, types.GenericAlias):
        if issubclass(thing, enum.Enum):
            return True
        if issubclass(thing, msgspec.Struct):
            return thing.__struct_config__.frozen
        return dataclasses.is_dataclass(thing) and thing.__dataclass_params__.frozen
    aliases = (
        types.UnionType,
        types.GenericAlias,
        typing.NewType,
        type(typing.Union[int, "str"]),
        type(list[int]),
    )
    return isinstance(thing, aliases)


def faults_in(path: Path, tree: ast.Module | None = None) -> list[str]:
    """Return every import of a file that the table does not have."""
    room = room_of(path)
    faults = []
    for found in imports_of(path, tree):
        target = room_imported(found)
        library = found.module.split(".")[0]
        if target is None:
            if room not in ROOMS_OF_LIBRARY.get(library, {room}):
                faults.append(f"{found}: {library} stays in {', '.join(sorted(ROOMS_OF_LIBRARY[library]))}")
        elif target in TYPES_ONLY.get(room, set()):
            if found.name is None or not is_plain_type(
                getattr(importlib.import_module(found.module), found.name, None)
            ):
                faults.append(f"{found}: {room} may know only frozen types and enums of {target}")
        elif target not in {room, "__init__"} | MAY_IMPORT.get(room, set()):
            faults.append(f"{found}: {room} may not import {target or 'all of app'}")
    return faults


def test_every_package_has_its_row() -> None:
    rooms = {path.name for path in APP.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert rooms <= set(MAY_IMPORT)
    for room in rooms:
        assert (APP / room / "__init__.py").exists(), f"app/{room} has no __init__.py"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_run_down_the_table(path: Path) -> None:
    assert faults_in(path) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("base", "from app.imaging import arrays"),
        ("base", "import app"),
        ("imaging", "if TYPE_CHECKING:\n    from app.edits.types import EditPlan"),
        ("document", "def late():\n    from ..session import workspace"),
        ("jobs", "from .. import imaging"),
        ("session", "from PySide6.QtCore import QTimer"),
        ("session", "import app.ui.theme"),
        ("ui", "import app.edits.types"),
        ("ui", "from app.edits import types"),
        ("ui", "from app.gateways.types import Mapping"),
        ("ui", "from app.jobs.worker import RequestWorker"),
        ("cli", "from app.document.mask import Mask"),
        ("history", "import keyring"),
    ],
)
def test_the_table_refuses(room: str, source: str) -> None:
    assert len(faults_in(APP / room / "example.py", ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("ui", "from app.edits.types import EditPlan, ParameterValue"),
        ("cli", "from app.gateways.types import BodyFormat, Profile"),
        ("base", "from .geometry import Rect\nfrom app import __version__"),
        ("server", "import starlette.applications"),
    ],
)
def test_the_table_allows(room: str, source: str) -> None:
    assert faults_in(APP / room / "example.py", ast.parse(source)) == []


def test_the_entry_imports_only_the_half_it_runs() -> None:
    path = APP / "__main__.py"
    if not path.exists():
        pytest.skip("there is no entry yet")
    head = ast.Module(
        [node for node in tree_of(path).body if isinstance(node, ast.Import | ast.ImportFrom)], []
    )
    at_import = [
        str(each) for each in imports_of(path, head) if room_imported(each) not in {None, "__init__"}
    ]
    assert at_import == [], "cli or ui is chosen first and imported then"
    script = (
        "import sys\n"
        "sys.argv = ['maskroom', '--version']\n"
        "from app.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not [name for name in sys.modules if name.startswith(('PySide6', 'app.ui'))]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


IMPORT_ALL = """
import json, sys, threading
done = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append(f"opens {arguments[0]} for writing")
    elif event.startswith(("os.mkdir", "os.re", "subprocess.", "socket.connect", "socket.bind", "sqlite3.")):
        done.append(f"{event}{arguments!r}")
sys.addaudithook(watch)
import importlib
faults = {}
for name in json.load(sys.stdin):
    done.clear()
    threads = threading.active_count()
    try:
        importlib.import_module(name)
    except Exception as error:
        done.append(f"raises {error!r}")
    if threading.active_count() != threads:
        done.append("starts a thread")
    qt = sys.modules.get("PySide6.QtCore")
    if qt is not None and not name.startswith("app.ui"):
        done.append("imports Qt")
    if qt is not None and qt.QCoreApplication.instance() is not None:
        done.append("makes an application")
    if done:
        faults[name] = list(done)
print(json.dumps(faults))
"""


def test_importing_does_nothing(tmp_path: Path) -> None:
    """Every module can be read in a new interpreter without files, threads, sockets or an application."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    # Qt's own room last, so that whoever else brings Qt in is caught.
    names = sorted(
        (module_name(path) for path in sources()), key=lambda name: (name.startswith("app.ui"), name)
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MASKROOM", "XDG", "QT"))
    }
    environment.update(HOME=str(home), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL],
        input=json.dumps(names),
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}
    assert done.stdout.count("\n") == 1, "a module prints when it is imported"
    assert list(home.iterdir()) == []


def provider_names() -> set[str]:
    """The profiles of the catalogue, without the built-in one, whose name is ours."""
    names = set()
    for path in (ROOT / "resources" / "catalogue" / "profiles").glob("*.toml"):
        if path.stem != "local":
            title = tomllib.loads(path.read_text(encoding="utf-8"))["title"]
            names |= {path.stem, title, path.stem.partition("-")[0], title.partition(" (")[0]}
    # Words of the language that happen to begin a name.
    return names - {"other", "stable"}


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what the code of a file says: its names and strings, without docstrings and comments."""
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name | ast.Attribute):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr


def test_no_provider_is_known_by_name() -> None:
    """Differences between providers are data under resources/; code asks what a model takes."""
    names = provider_names()
    assert names, "the catalogue holds providers"
    # A dialect, such as "openai-multipart", is a format that many speak, not a provider.
    pattern = re.compile(
        r"(?<![a-z-])(" + "|".join(map(re.escape, sorted(names))) + r")(?![a-z-])", re.IGNORECASE
    )
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources()
        for line, text in texts_of(path)
        if pattern.search(text)
    ]
    assert faults == []


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_files_and_classes_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE, "split it by purpose"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            own = [
                each.name for each in methods if not each.decorator_list and not OVERRIDES.match(each.name)
            ]
            assert len(own) <= MOST_METHODS, f"class {node.name} has {len(own)} methods of its own"


HOSTS = re.compile(
    r"pypi\.org|pythonhosted|test\.pypi|npmjs\.(com|org)|registry\.\w+\.\w+|crates\.io|conda\.anaconda|devpi|/simple/?\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~$}/-])/(work|root|home/\w+|tmp/brief|opt/(pypi|wheels))\b")


def committed_texts() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("only git knows which files belong to a checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


def test_no_file_names_a_registry_or_a_machine() -> None:
    """A checkout works with whatever registry and folder a person has."""
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {found.group()}"
        for path in committed_texts()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for found in [HOSTS.search(line) or MACHINE_PATHS.search(line)]
        if found
    ]
    assert faults == []
