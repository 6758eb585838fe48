"""The prompts that were used or saved, each once. They stay when the entries they were used in go."""

from __future__ import annotations

from app.history.database import Database
from app.history.rows import storable_text
from app.history.types import StoredPrompt


class PromptBook:
    """Used prompts come in by themselves, with the entries; saved ones by hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, limit: int = 10_000) -> tuple[StoredPrompt, ...]:
        """The saved prompts by their text, then the others, the last used first."""
        rows = self._database.rows(
            """
            SELECT text, saved, used, last_used FROM prompts
            ORDER BY saved DESC, CASE WHEN saved THEN text END, last_used DESC LIMIT ?
            """,
            (limit,),
        )
        return tuple(StoredPrompt(row[0], bool(row[1]), row[2], row[3]) for row in rows)

    def saved(self) -> frozenset[str]:
        """The texts of the saved prompts."""
        return frozenset(row[0] for row in self._database.rows("SELECT text FROM prompts WHERE saved = 1"))

    def save(self, text: str, saved: bool = True) -> None:
        """Keep a prompt among the saved ones, or no longer; one that was never used goes then."""
        with self._database.transaction() as connection:
            connection.execute(
                """
                INSERT INTO prompts (text, saved, used, last_used) VALUES (?, ?, 0, NULL)
                ON CONFLICT (text) DO UPDATE SET saved = excluded.saved
                """,
                (storable_text(text), int(saved)),
            )
            connection.execute("DELETE FROM prompts WHERE saved = 0 AND used = 0")

    def forget(self, text: str) -> None:
        """Take a prompt off the list; the entries that it was used in keep it."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM prompts WHERE text = ?", (storable_text(text),))
