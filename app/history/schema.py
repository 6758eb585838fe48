"""The history's tables, as SQL, and how an older or empty database is brought to them.

Every change of the tables is a further step in `MIGRATIONS`, never an edit of a step that was released.
Texts of enums are their values. Times are ISO 8601 in UTC, so that they sort as text. Files are named by
SHA-256 and lie beside the database, see `app.history.files`.
"""

from __future__ import annotations

import sqlite3

from app.base.errors import StoreError
from app.base.text import tr

FIRST = (
    """
    CREATE TABLE entries (
        seq            INTEGER PRIMARY KEY,
        id             TEXT    NOT NULL UNIQUE,
        state          TEXT    NOT NULL CHECK (state IN
                       ('queued', 'running', 'receiving', 'done', 'failed', 'cancelled', 'interrupted')),
        created        TEXT    NOT NULL,
        owner          TEXT    NOT NULL,
        document_id    TEXT    NOT NULL,
        document_name  TEXT    NOT NULL,
        source_sha256  TEXT    NOT NULL,
        region_x       INTEGER NOT NULL,
        region_y       INTEGER NOT NULL,
        region_width   INTEGER NOT NULL,
        region_height  INTEGER NOT NULL,
        send_width     INTEGER NOT NULL,
        send_height    INTEGER NOT NULL,
        content_x      INTEGER NOT NULL,
        content_y      INTEGER NOT NULL,
        content_width  INTEGER NOT NULL,
        content_height INTEGER NOT NULL,
        picture_sha256 TEXT    NOT NULL,
        mask_sha256    TEXT    NOT NULL,
        has_mask       INTEGER NOT NULL CHECK (has_mask IN (0, 1)),
        prompt         TEXT    NOT NULL,
        provider       TEXT    NOT NULL,
        model          TEXT    NOT NULL,
        n              INTEGER NOT NULL,
        parameters     TEXT    NOT NULL CHECK (json_valid(parameters)),
        extras         TEXT    NOT NULL CHECK (json_valid(extras)),
        form           TEXT    NOT NULL CHECK (json_valid(form)),
        feather        INTEGER NOT NULL,
        request_id     TEXT,
        seconds        REAL,
        error_code     TEXT,
        error_message  TEXT,
        error_hint     TEXT
    ) STRICT
    """,
    "CREATE INDEX entries_by_time ON entries (created, id)",
    "CREATE INDEX entries_unfinished ON entries (state) WHERE state IN ('queued', 'running', 'receiving')",
    "CREATE INDEX entries_by_source ON entries (source_sha256)",
    "CREATE INDEX entries_by_picture ON entries (picture_sha256)",
    "CREATE INDEX entries_by_mask ON entries (mask_sha256)",
    # A parent may have been deleted since: its id stays, as the trace that there was one.
    """
    CREATE TABLE parents (
        entry_id  TEXT    NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        position  INTEGER NOT NULL,
        result_id TEXT    NOT NULL,
        PRIMARY KEY (entry_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX parents_by_result ON parents (result_id)",
    # A seed is text: some providers' are unsigned 64-bit numbers, which SQLite's integers cannot hold.
    """
    CREATE TABLE results (
        id               TEXT    PRIMARY KEY,
        entry_id         TEXT    NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        position         INTEGER NOT NULL,
        received_sha256  TEXT    NOT NULL,
        width            INTEGER NOT NULL,
        height           INTEGER NOT NULL,
        media_type       TEXT    NOT NULL,
        revised_prompt   TEXT,
        seed             TEXT,
        thumbnail_sha256 TEXT,
        outside_changed_pixels INTEGER,
        leak             REAL,
        cost_amount      REAL,
        cost_currency    TEXT,
        cost_estimated   INTEGER NOT NULL CHECK (cost_estimated IN (0, 1)),
        applied          INTEGER NOT NULL CHECK (applied IN (0, 1)),
        UNIQUE (entry_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX results_by_received ON results (received_sha256)",
    "CREATE INDEX results_by_thumbnail ON results (thumbnail_sha256)",
    # The words of an entry, under its seq. Triggers keep them, so that no writer can forget.
    """
    CREATE VIRTUAL TABLE words USING fts5
        (prompt, revised, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')
    """,
    """
    CREATE TRIGGER words_of_new_entry AFTER INSERT ON entries BEGIN
        INSERT INTO words (rowid, prompt, revised) VALUES (new.seq, new.prompt, '');
    END
    """,
    """
    CREATE TRIGGER words_of_changed_prompt AFTER UPDATE OF prompt ON entries BEGIN
        UPDATE words SET prompt = new.prompt WHERE rowid = new.seq;
    END
    """,
    """
    CREATE TRIGGER words_of_deleted_entry AFTER DELETE ON entries BEGIN
        DELETE FROM words WHERE rowid = old.seq;
    END
    """,
    *(
        f"""
        CREATE TRIGGER words_of_{name}_result AFTER {event} ON results BEGIN
            UPDATE words SET revised = (
                SELECT coalesce(group_concat(revised_prompt, char(10)), '') FROM results
                WHERE entry_id = {row}.entry_id
            ) WHERE rowid = (SELECT seq FROM entries WHERE id = {row}.entry_id);
        END
        """  # noqa: S608 - the parts are the literals below
        for name, event, row in (
            ("new", "INSERT", "new"),
            ("changed", "UPDATE OF revised_prompt", "new"),
            ("deleted", "DELETE", "old"),
        )
    ),
)

SECOND = (
    # A request may take several calls, each with an id of its own; `request_id` stays the first of them.
    "ALTER TABLE entries ADD COLUMN request_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(request_ids))",
    "ALTER TABLE entries ADD COLUMN rate_limits TEXT CHECK (rate_limits IS NULL OR json_valid(rate_limits))",
    "UPDATE entries SET request_ids = json_array(request_id) WHERE request_id IS NOT NULL",
    """
    CREATE TABLE reference_images (
        entry_id TEXT    NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        sha256   TEXT    NOT NULL,
        name     TEXT    NOT NULL,
        PRIMARY KEY (entry_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX reference_images_by_file ON reference_images (sha256)",
)

THIRD = (
    # How a result is put back on the photograph, whatever the program knows of that.
    "ALTER TABLE entries ADD COLUMN recipe TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(recipe))",
    "ALTER TABLE entries ADD COLUMN note TEXT",
    # When the entry was put into the bin; its files stay until the bin is emptied.
    "ALTER TABLE entries ADD COLUMN deleted TEXT",
    # The tokens that the provider counted.
    "ALTER TABLE entries ADD COLUMN usage TEXT CHECK (usage IS NULL OR json_valid(usage))",
    # The price as it was foreseen when the request was written, for those that are under way or were cut off.
    "ALTER TABLE entries ADD COLUMN expected_amount REAL",
    "ALTER TABLE entries ADD COLUMN expected_currency TEXT",
    "ALTER TABLE results ADD COLUMN starred INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1))",
    """
    CREATE TABLE tags (
        entry_id TEXT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        tag      TEXT NOT NULL,
        PRIMARY KEY (entry_id, tag)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX tags_by_tag ON tags (tag)",
    """
    CREATE TABLE prompts (
        text      TEXT    PRIMARY KEY,
        saved     INTEGER NOT NULL CHECK (saved IN (0, 1)),
        used      INTEGER NOT NULL,
        last_used TEXT
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX prompts_saved ON prompts (text) WHERE saved = 1",
    """
    INSERT INTO prompts (text, saved, used, last_used)
        SELECT prompt, 0, count(*), max(created) FROM entries WHERE trim(prompt) <> '' GROUP BY prompt
    """,
    """
    CREATE TRIGGER prompt_of_new_entry AFTER INSERT ON entries WHEN trim(new.prompt) <> '' BEGIN
        INSERT INTO prompts (text, saved, used, last_used) VALUES (new.prompt, 0, 1, new.created)
        ON CONFLICT (text) DO UPDATE SET used = used + 1, last_used = max(coalesce(last_used, ''), new.created);
    END
    """,
    # What was paid stays paid when an entry goes for good: the totals read this table, too.
    """
    CREATE TABLE removed_costs (
        result_id     TEXT    PRIMARY KEY,
        created       TEXT    NOT NULL,
        provider      TEXT    NOT NULL,
        model         TEXT    NOT NULL,
        document_id   TEXT    NOT NULL,
        document_name TEXT    NOT NULL,
        source_sha256 TEXT    NOT NULL,
        amount        REAL    NOT NULL,
        currency      TEXT    NOT NULL,
        estimated     INTEGER NOT NULL CHECK (estimated IN (0, 1))
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX removed_costs_by_time ON removed_costs (created)",
    """
    CREATE TRIGGER costs_of_deleted_entry BEFORE DELETE ON entries BEGIN
        INSERT OR IGNORE INTO removed_costs
            SELECT id, old.created, old.provider, old.model, old.document_id, old.document_name, old.source_sha256,
                   cost_amount, cost_currency, cost_estimated
            FROM results WHERE entry_id = old.id AND cost_amount > 0 AND cost_currency IS NOT NULL;
    END
    """,
    # Everything that the panel's filters ask of an entry, so that no wide row is read to leave it out;
    # `deleted` too, although it is always NULL here: without it SQLite reads the rows after all.
    """
    CREATE INDEX entries_shown ON entries (created, id, state, provider, model, document_name, deleted)
        WHERE deleted IS NULL
    """,
    "CREATE INDEX entries_by_provider ON entries (provider, model, created)",
    "CREATE INDEX entries_by_document ON entries (document_id, created)",
    "CREATE INDEX entries_in_bin ON entries (deleted) WHERE deleted IS NOT NULL",
    "CREATE INDEX results_starred ON results (entry_id) WHERE starred = 1",
    # The words of notes and tags are found like those of prompts.
    *(
        f"DROP TRIGGER words_of_{name}"
        for name in (
            *("new_entry", "changed_prompt", "deleted_entry"),
            *("new_result", "changed_result", "deleted_result"),
        )
    ),
    "DROP TABLE words",
    """
    CREATE VIRTUAL TABLE words USING fts5
        (prompt, revised, note, tags, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')
    """,
    """
    INSERT INTO words (rowid, prompt, revised, note, tags)
        SELECT seq, prompt, coalesce(
            (SELECT group_concat(revised_prompt, char(10)) FROM results WHERE entry_id = entries.id), ''
        ), '', '' FROM entries
    """,
    """
    CREATE TRIGGER words_of_new_entry AFTER INSERT ON entries BEGIN
        INSERT INTO words (rowid, prompt, revised, note, tags)
            VALUES (new.seq, new.prompt, '', coalesce(new.note, ''), '');
    END
    """,
    """
    CREATE TRIGGER words_of_changed_entry AFTER UPDATE OF prompt, note ON entries BEGIN
        UPDATE words SET prompt = new.prompt, note = coalesce(new.note, '') WHERE rowid = new.seq;
    END
    """,
    """
    CREATE TRIGGER words_of_deleted_entry AFTER DELETE ON entries BEGIN
        DELETE FROM words WHERE rowid = old.seq;
    END
    """,
    *(
        f"""
        CREATE TRIGGER words_of_{name} AFTER {event} BEGIN
            UPDATE words SET {column} = (
                SELECT coalesce(group_concat({text}, char(10)), '') FROM {table} WHERE entry_id = {row}.entry_id
            ) WHERE rowid = (SELECT seq FROM entries WHERE id = {row}.entry_id);
        END
        """  # noqa: S608 - the parts are the literals below
        for name, event, column, text, table, row in (
            ("new_result", "INSERT ON results", "revised", "revised_prompt", "results", "new"),
            (
                *("changed_result", "UPDATE OF revised_prompt ON results"),
                *("revised", "revised_prompt", "results", "new"),
            ),
            ("deleted_result", "DELETE ON results", "revised", "revised_prompt", "results", "old"),
            ("new_tag", "INSERT ON tags", "tags", "tag", "tags", "new"),
            ("deleted_tag", "DELETE ON tags", "tags", "tag", "tags", "old"),
        )
    ),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (FIRST, SECOND, THIRD)
"""The statements that bring a database from version `index` to `index + 1`."""

VERSION = len(MIGRATIONS)
"""The `user_version` that this program writes."""


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create or migrate the tables in one transaction: all or nothing, also when another process does it too.

    Raises:
        StoreError: the database was written by a newer Maskroom; it is left as it is.
        sqlite3.Error: the database is damaged or cannot be written.
    """
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[_version(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise StoreError(
            tr("The history was written by a newer version of Maskroom."),
            tr("Update Maskroom, or set MASKROOM_HOME to another folder for this version."),
            details=f"user_version {version}, known {VERSION}",
        )
    return version
