"""What the history takes on the disk, and which entries could go to make room. Deletes nothing itself.

An entry is never proposed whose result is starred or was applied, that is under way, or that a kept entry grew
from: its composite is needed to make the later one again.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.base.states import JobState
from app.history.database import Database
from app.history.files import ContentFiles

_ENTRIES = """
    SELECT id, created, state, deleted, document_name, source_sha256, picture_sha256, mask_sha256,
           (SELECT json_group_array(received_sha256) FROM results WHERE entry_id = entries.id) AS received,
           (SELECT json_group_array(thumbnail_sha256) FROM results WHERE entry_id = entries.id) AS thumbnails,
           (SELECT json_group_array(sha256) FROM reference_images WHERE entry_id = entries.id) AS reference_files,
           EXISTS (SELECT 1 FROM results WHERE entry_id = entries.id AND (starred OR applied)) AS dear
    FROM entries ORDER BY created, id
"""

_GROWN = """
    SELECT DISTINCT results.entry_id AS parent, parents.entry_id AS child
    FROM parents JOIN results ON results.id = parents.result_id
"""


@dataclass(frozen=True, slots=True)
class DocumentSpace:
    """What the entries of one photograph take."""

    document_name: str
    source_sha256: str
    entries: int
    bytes: int
    """Of its files; one that two photographs share counts for the older entry."""
    dear: int
    """Entries that no clean-up touches."""


@dataclass(frozen=True, slots=True)
class SpaceUsed:
    """What the whole history takes, in bytes."""

    files: int
    database: int
    documents: tuple[DocumentSpace, ...]
    """The largest first."""
    in_bin: int
    """Entries that wait in the bin."""

    @property
    def total(self) -> int:
        return self.files + self.database


@dataclass(frozen=True, slots=True)
class CleanRules:
    """What a clean-up may take."""

    to_bytes: int | None = None
    """Make the files fit this, the oldest entries first; None = however large they are."""
    before: str = ""
    """Take entries written before this moment, ISO 8601 in UTC; "" = of no age."""
    bin: bool = True
    """Take what lies in the bin."""


@dataclass(frozen=True, slots=True)
class CleanPlan:
    """What a clean-up would take."""

    ids: tuple[str, ...]
    """Children before those they grew from."""
    bytes: int
    """That the files of these entries, and of no other, take."""


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    created: str
    document: tuple[str, str]
    files: tuple[str, ...]
    is_dear: bool
    is_final: bool
    in_bin: bool


@dataclass(slots=True)
class _Survey:
    """All entries, the oldest first, with the sizes of their files."""

    rows: tuple[_Row, ...]
    sizes: Mapping[str, int]
    children: Mapping[str, set[str]]
    named: Counter[str] = field(init=False)
    """How many entries name a file."""

    def __post_init__(self) -> None:
        self.named = Counter(name for row in self.rows for name in set(row.files))


class Space:
    """Counts over one database and its files. Takes a while: to be called in a thread."""

    def __init__(self, database: Database, files: ContentFiles) -> None:
        self._database = database
        self._files = files

    def used(self) -> SpaceUsed:
        """What is used now.

        Raises:
            StoreError: the history cannot be read.
        """
        survey = self._survey()
        counted: set[str] = set()
        groups: defaultdict[tuple[str, str], list[_Row]] = defaultdict(list)
        taken: Counter[tuple[str, str]] = Counter()
        for row in survey.rows:
            groups[row.document].append(row)
            fresh = set(row.files) - counted
            counted |= fresh
            taken[row.document] += sum(survey.sizes.get(name, 0) for name in fresh)
        documents = [
            DocumentSpace(name, source, len(rows), taken[name, source], sum(row.is_dear for row in rows))
            for (name, source), rows in groups.items()
        ]
        return SpaceUsed(
            files=sum(survey.sizes.values()),
            database=self._database.bytes,
            documents=tuple(sorted(documents, key=lambda each: (-each.bytes, each.document_name))),
            in_bin=sum(row.in_bin for row in survey.rows),
        )

    def plan(self, rules: CleanRules) -> CleanPlan:
        """What a clean-up by these rules would take.

        Raises:
            StoreError: the history cannot be read.
        """
        survey = self._survey()
        total = sum(survey.sizes.values())
        gone: dict[str, None] = {}
        freed = 0
        wanted = [row for row in survey.rows if (rules.bin and row.in_bin) or row.created < rules.before]
        freed += _take(survey, wanted, gone)
        if rules.to_bytes is not None:
            for row in survey.rows:
                if total - freed <= rules.to_bytes:
                    break
                freed += _take(survey, _with_descendants(survey, row), gone)
        return CleanPlan(tuple(gone), freed)

    def _survey(self) -> _Survey:
        with self._database.snapshot():
            rows = self._database.rows(_ENTRIES)
            grown = self._database.rows(_GROWN)
        children: defaultdict[str, set[str]] = defaultdict(set)
        for pair in grown:
            children[pair["parent"]].add(pair["child"])
        return _Survey(
            rows=tuple(
                _Row(
                    id=row["id"],
                    created=row["created"],
                    document=(row["document_name"], row["source_sha256"]),
                    files=tuple(_names(row)),
                    is_dear=bool(row["dear"]),
                    is_final=JobState(row["state"]).is_final,
                    in_bin=row["deleted"] is not None,
                )
                for row in rows
            ),
            sizes=self._files.sizes(),
            children=children,
        )


def _names(row: sqlite3.Row) -> Iterable[str]:
    """The files that a row of `_ENTRIES` names."""
    yield from (row["source_sha256"], row["picture_sha256"], row["mask_sha256"])
    for column in ("received", "thumbnails", "reference_files"):
        yield from (name for name in json.loads(row[column]) if name is not None)


def _with_descendants(survey: _Survey, row: _Row) -> list[_Row]:
    """The entry and all that grew from it; an entry can go only with these."""
    wanted, open_ids = {row.id}, [row.id]
    while open_ids:
        fresh = survey.children.get(open_ids.pop(), set()) - wanted
        wanted |= fresh
        open_ids += fresh
    return [each for each in survey.rows if each.id in wanted]


def _take(survey: _Survey, wanted: list[_Row], gone: dict[str, None]) -> int:
    """Add to `gone` those of `wanted` that may go, children first; returns the bytes that this frees."""
    freed = 0
    left = {row.id: row for row in wanted if row.id not in gone and row.is_final and not row.is_dear}
    while True:
        free = [
            row for id, row in left.items() if all(child in gone for child in survey.children.get(id, ()))
        ]
        if not free:
            return freed
        for row in free:
            del left[row.id]
            gone[row.id] = None
            for name in set(row.files):
                survey.named[name] -= 1
                if survey.named[name] == 0:
                    freed += survey.sizes.get(name, 0)
