"""What people add to entries afterwards: stars, notes, tags, and the bin. No file is touched here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from app.base.errors import UsageError
from app.base.text import tr
from app.history.database import Database
from app.history.owner import is_alive
from app.history.reading import UNFINISHED_OWNERS
from app.history.rows import storable_text
from app.history.statements import insert, unknown


class Marks:
    """Writes marks; each method is one transaction."""

    def __init__(self, database: Database, now: Callable[[], str]) -> None:
        self._database = database
        self._now = now

    def star(self, result_id: str, starred: bool) -> None:
        """Star a result or take its star away.

        Raises:
            InputError: there is no such result.
        """
        with self._database.transaction() as connection:
            sql = "UPDATE results SET starred = ? WHERE id = ?"
            if not connection.execute(sql, (int(starred), storable_text(result_id))).rowcount:
                raise unknown(result_id)

    def set_recipe(self, entry_id: str, recipe: Mapping[str, object]) -> None:
        """Keep how an entry's images are put back, as plain data.

        Raises:
            InputError: there is no such entry.
        """
        with self._database.transaction() as connection:
            sql = "UPDATE entries SET recipe = ? WHERE id = ?"
            if not connection.execute(sql, (json.dumps(dict(recipe)), storable_text(entry_id))).rowcount:
                raise unknown(entry_id)

    def set_note(self, entry_id: str, note: str) -> None:
        """Write a note; an empty one takes it away.

        Raises:
            InputError: there is no such entry.
        """
        text = storable_text(note.strip()) or None
        with self._database.transaction() as connection:
            sql = "UPDATE entries SET note = ? WHERE id = ?"
            if not connection.execute(sql, (text, storable_text(entry_id))).rowcount:
                raise unknown(entry_id)

    def set_tags(self, entry_id: str, tags: Iterable[str]) -> None:
        """Give an entry these tags and no others; blanks around them and empty ones do not count.

        Raises:
            InputError: there is no such entry.
        """
        id = storable_text(entry_id)
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM entries WHERE id = ?", (id,)).fetchone() is None:
                raise unknown(entry_id)
            connection.execute("DELETE FROM tags WHERE entry_id = ?", (id,))
            for tag in dict.fromkeys(storable_text(" ".join(tag.split())) for tag in tags):
                if tag:
                    insert(connection, "tags", {"entry_id": id, "tag": tag})

    def put_into_bin(self, entry_id: str) -> None:
        """Take an entry out of all lists; its results and files stay until the bin is emptied.

        Raises:
            InputError: there is no such entry.
            UsageError: its request is still on its way in a living process.
        """
        id = storable_text(entry_id)
        with self._database.transaction() as connection:
            row = connection.execute("SELECT owner FROM entries WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise unknown(entry_id)
            unfinished = f"{UNFINISHED_OWNERS} AND id = ?"
            if connection.execute(unfinished, (id,)).fetchone() is not None and is_alive(row["owner"]):
                raise UsageError(tr("This request is still on its way."), tr("Cancel it first."))
            connection.execute(
                "UPDATE entries SET deleted = ? WHERE id = ? AND deleted IS NULL", (self._now(), id)
            )

    def restore(self, entry_ids: Iterable[str]) -> None:
        """Bring entries back from the bin; ids of others do not matter."""
        ids = json.dumps([storable_text(id) for id in entry_ids])
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE entries SET deleted = NULL WHERE id IN (SELECT value FROM json_each(?))", (ids,)
            )
