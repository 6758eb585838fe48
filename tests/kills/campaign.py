"""Kills the real program again and again and looks, after each restart, whether anything was lost or paid twice.

    python3 packaging/dev.py test kills --count 1000
    python3 packaging/dev.py test kills --count 1000 --folder DIR    goes on with a run that was ended

A reply counts as received when its bytes stand in the spool at the kill, when the client had closed the line
after its last byte before the kill, or when the program had shown or printed its result. What the kernel held and
the program had not read yet was not received; such replies are counted and told.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FINAL = {"done", "failed", "cancelled", "interrupted"}
PATIENCE = 300
"""Seconds after which something hangs; how long a busy machine takes is no matter. Only those count in which this
program itself ran: whoever stops it, or the machine, stops all the others with it."""
TELL_EVERY = 50
"""Kills between two lines of progress."""


@dataclass
class Tally:
    """What happened in all rounds."""

    kills: int = 0
    window_kills: int = 0
    asked: int = 0
    received: set[str] = field(default_factory=set)
    """Images that had to be there after a kill."""
    saved_by_spool: int = 0
    """Of these, those that only the spool held at the kill."""
    verified: int = 0
    """Replies whose images were looked for in the history and found there."""
    on_the_line: int = 0
    """Replies that were sent whole, but not read by the program that was killed."""
    states: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, path: Path) -> "Tally":
        """What `write` has written; a new one where there is nothing."""
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**kept, "received": set(kept["received"]), "states": Counter(kept["states"])})

    def write(self, path: Path) -> None:
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps({**vars(self), "received": sorted(self.received)}), encoding="utf-8")
        beside.replace(path)

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.kills} kills ({self.window_kills} of the window), {self.asked} requests ({states}), "
            f"{self.verified} replies received with {len(self.received)} images, all there; "
            f"{self.saved_by_spool} images were only in the spool at the kill; "
            f"{self.on_the_line} replies were sent but not yet read; none was sent twice"
        )


@dataclass(frozen=True)
class Ended:
    """A program after its end."""

    nonces: list[str]
    spooled: set[str]
    """The SHA-256 of every file in the spool, as the kill left them."""
    said: str
    killed: float


def end_of(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a program that ends has written to its output and its errors."""
    for _ in range(PATIENCE):
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=1.0)
    process.send_signal(signal.SIGABRT)
    said, faults = process.communicate()
    raise AssertionError(f"{process.args} did not end in {PATIENCE} s\n{said}\n{faults}")


class Campaign:
    """A data folder, a gateway beside it, and programs that are killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.home = folder / "home"
        self._kept = folder / "tally.json"
        self.tally = Tally.read(self._kept)
        self.chance = random.Random(seed + self.tally.kills)
        self._log = folder / "gateway.log"
        self._read = 0
        self.events: dict[str, dict[str, list[dict[str, Any]]]] = {}
        """The gateway's lines: by nonce, then by event."""
        self._number = 0
        self.photograph, self.mask = folder / "photo.png", folder / "mask.png"
        rng = np.random.default_rng(3)
        Image.fromarray(rng.integers(0, 256, (120, 160, 3), np.uint8)).save(self.photograph)
        plane = np.zeros((120, 160), np.uint8)
        plane[40:70, 60:100] = 255
        Image.fromarray(plane).save(self.mask)
        self._environment = {
            **os.environ,
            "MASKROOM_HOME": str(self.home),
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONFAULTHANDLER": "1",
        }

    @contextlib.contextmanager
    def gateway(self) -> Iterator[None]:
        """Run the gateway and make it the provider of new edits."""
        words = [sys.executable, "-m", "tests.kills.gateway", str(self._log)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().strip()
                self.home.mkdir(exist_ok=True)
                (self.home / "providers.toml").write_text(
                    f'[providers.scripted]\ndialect = "openai-multipart"\nmodel = "m"\nbase_url = "{url}"\n'
                    "needs_key = false\nconcurrency = 4\n"
                )
                (self.home / "settings.toml").write_text('[edit]\nprovider = "scripted"\nvariants = 1\n')
                yield
            finally:
                process.kill()

    def nonce(self) -> str:
        self._number += 1
        return "nonce-" + hashlib.sha256(f"{self.chance.random()} {self._number}".encode()).hexdigest()[:16]

    def round(self, *, in_window: bool = False) -> None:
        """Start two programs beside each other, kill each at some moment, start again, and look."""
        started = [self._start(in_window), self._start(False)]
        # Whoever is waited for first is killed first; the other has often ended by itself meanwhile.
        self.chance.shuffle(started)
        ended: list[Ended] = []
        try:
            for process, nonces in started:
                self._wait(process, nonces)
                killed = time.monotonic()
                was_alive = process.poll() is None
                process.kill()
                said, faults = end_of(process)
                assert "Traceback" not in faults, faults
                ended.append(Ended(nonces, self._spooled(), said, killed))
                self.tally.kills += was_alive
                self.tally.window_kills += was_alive and len(nonces) > 1
        finally:
            for process, _ in started:
                process.kill()
        entries = self.history()
        for each in ended:
            self._look(each, entries)
        assert all(entry["state"] in FINAL for entry in entries), entries
        assert list((self.home / "spool").iterdir()) == []
        self.tally.write(self._kept)

    def _start(self, in_window: bool) -> tuple["subprocess.Popen[str]", list[str]]:
        if in_window:
            nonces = [self.nonce() for _ in range(4)]
            words = ["-m", "tests.kills.window", str(self.photograph), *nonces]
        else:
            nonces = [self.nonce()]
            words = ["-m", "app", "edit", str(self.photograph), "--mask", str(self.mask), "--json"]
            words += ["--prompt", nonces[0], "--n", str(self.chance.choice((1, 1, 2)))]
            words += ["--output", f"{self.folder}/out/"]
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return process, nonces

    def _wait(self, process: "subprocess.Popen[str]", nonces: list[str]) -> None:
        """Let the program run to a moment that chance chooses, most often after its first request has gone."""
        if self.chance.random() < 0.15:
            time.sleep(self.chance.uniform(0.0, 2.5))
            return
        waited, before = 0.0, time.monotonic()
        stage = self.chance.choice(("asked", "asked", "sent", "sent", "closed"))
        nonce = self.chance.choice(nonces)
        while not {stage, "broken"} & self._events(nonce).keys() and process.poll() is None:
            waited, before = waited + min(1.0, time.monotonic() - before), time.monotonic()
            if waited > PATIENCE:
                raise AssertionError(self._what_hangs(process, nonces, f"{nonce} was never {stage}"))
            time.sleep(0.002)
        time.sleep(self.chance.choice((0.0, 0.0, 0.002, 0.01)) + self.chance.choice((0.0, 0.02, 0.2)) ** 2)
        time.sleep(self.chance.uniform(0.0, self.chance.choice((0.002, 0.02, 0.3))))

    def _what_hangs(self, process: "subprocess.Popen[str]", nonces: list[str], what: str) -> str:
        """End a program that does not come to what was waited for, and tell all that is known of it."""
        told = [f"{what} in {PATIENCE} s; the machine's load is {os.getloadavg()[0]:.1f}"]
        for nonce in nonces:
            events = [event for event, all_ in self._events(nonce).items() for _ in all_]
            told.append(f"gateway: {nonce}: {', '.join(events) or 'nothing came'}")
        told += [f"history: {row}" for row in self._rows(nonces)]
        told += [
            f"spool: {path.name}, {path.stat().st_size} bytes" for path in (self.home / "spool").glob("*")
        ]
        # The handler of faults writes where each thread stands.
        process.send_signal(signal.SIGABRT)
        said, faults = end_of(process)
        return "\n".join([*told, "It said:", said, faults])

    def _rows(self, nonces: list[str]) -> list[tuple[Any, ...]]:
        """The entries of requests as the database has them now."""
        path = self.home / "history" / "history.sqlite"
        if not path.exists():
            return []
        places = ", ".join("?" * len(nonces))
        sql = f"SELECT prompt, id, state, owner, error_message FROM entries WHERE prompt IN ({places})"
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
            return database.execute(sql, nonces).fetchall()

    def _events(self, nonce: str) -> dict[str, list[dict[str, Any]]]:
        """What the gateway has said of a request up to now."""
        if self._log.exists():
            with self._log.open(encoding="utf-8") as file:
                file.seek(self._read)
                while (line := file.readline()).endswith("\n"):
                    told = json.loads(line)
                    self.events.setdefault(told["nonce"], {}).setdefault(told["event"], []).append(told)
                    self._read = file.tell()
        return self.events.get(nonce, {})

    def _spooled(self) -> set[str]:
        """The SHA-256 of every file in the spool, as the kill left them."""
        folder = self.home / "spool"
        found = set()
        for path in folder.iterdir() if folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):  # The other program still lives.
                found.add(hashlib.sha256(path.read_bytes()).hexdigest())
        return found

    def history(self) -> list[dict[str, Any]]:
        """Start the program again, which takes up what was left, and ask it for the newest entries."""
        words = [sys.executable, "-m", "app", "history", "list", "--json", "--limit", "60"]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            words, cwd=ROOT, env=self._environment, stdout=pipe, stderr=pipe, text=True
        ) as process:
            said, faults = end_of(process)
        assert process.returncode == 0, faults
        entries: list[dict[str, Any]] = json.loads(said)["entries"]
        return entries

    def _look(self, ended: "Ended", entries: list[dict[str, Any]]) -> None:
        stored = {result["received_sha256"] for entry in entries for result in entry["results"]}
        by_prompt = Counter(entry["prompt"] for entry in entries)
        shown = {line.split()[2] for line in ended.said.splitlines() if line.startswith("shown ")}
        assert shown <= stored, f"was shown, and is lost: {shown - stored}"
        for nonce in ended.nonces:
            told = self._events(nonce)
            assert len(told.get("asked", ())) <= 1, f"{nonce} was sent twice"
            if not told.get("asked"):
                continue
            self.tally.asked += 1
            assert by_prompt[nonce] == 1, f"{nonce} was sent, and the history has it {by_prompt[nonce]} times"
            (entry,) = (entry for entry in entries if entry["prompt"] == nonce)
            self.tally.states[entry["state"]] += 1
            (reply,) = told.get("reply") or [None]
            if reply is None:
                continue
            images = set(reply["images"])
            closed = any(each["at"] < ended.killed for each in told.get("closed", ()))
            if reply["reply"] in ended.spooled or closed or f'"{entry["id"]}-' in ended.said:
                assert images <= stored, f"{nonce} was received, and is lost: {entry}"
                assert entry["state"] == "done", entry
                self.tally.verified += 1
                self.tally.received |= images
                self.tally.saved_by_spool += len(images) * (reply["reply"] in ended.spooled)
            elif told.get("sent") and not images <= stored:
                self.tally.on_the_line += 1

    def finish(self) -> Tally:
        """Look at everything once more, from the first round on."""
        self.history()
        with contextlib.closing(sqlite3.connect(self.home / "history" / "history.sqlite")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            stored = {sha256 for (sha256,) in database.execute("SELECT received_sha256 FROM results")}
        assert self.tally.received <= stored
        for sha256 in stored:
            data = (self.home / "history" / "images" / sha256[:2] / sha256).read_bytes()
            assert hashlib.sha256(data).hexdigest() == sha256
        asked = Counter(nonce for nonce, told in self.events.items() for _ in told.get("asked", ()))
        assert all(count == 1 for count in asked.values())
        return self.tally


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev.py test kills", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="how many kills")
    parser.add_argument("--seed", type=int, default=None, help="for the same moments again, roughly")
    parser.add_argument("--folder", type=Path, default=None, help="of a run to go on with, or of a new one")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="maskroom-kills-")) if options.folder is None else options.folder
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{options.count} kills, seed {seed}, in {folder}", flush=True)
    campaign, began = Campaign(folder.resolve(), seed), time.monotonic()
    with campaign.gateway():
        rounds, told = 0, campaign.tally.kills
        while campaign.tally.kills < options.count:
            rounds += 1
            campaign.round(in_window=rounds % 3 == 0)
            if campaign.tally.kills >= told + TELL_EVERY:
                told = campaign.tally.kills
                print(f"{time.monotonic() - began:.0f} s: {campaign.tally}", flush=True)
        print("At the end:", campaign.finish(), flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
