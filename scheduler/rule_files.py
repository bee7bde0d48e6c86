"""Rules that people wrote on the page: stored as versions, written as files where rules are read from."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from storage import rule_edits
from storage.rule_edits import RuleEdit
from storage.types import Done, Person

if TYPE_CHECKING:
    from scheduler.changes import Change

logger = logging.getLogger(__name__)

#: in the data folder
FOLDER = "rules"
_HEAD = "# Written on Vigie's page, version {version} by {by}. Edit it there: each change writes this file anew.\n"


def _save(database: Database, given: dict[str, Any], now: datetime, by: Person) -> Done:
    article = given.get("article")
    version = rule_edits.save(
        database, str(given["rule"]), str(given["text"]), base=int(given["base"]), by=by, now=now,
        enabled=bool(given.get("enabled", True)), article_id=None if article is None else int(article),
    )  # fmt: skip
    return Done(sentence=f"rule {given['rule']} is saved as version {version}", id=str(given["rule"]))


def _drop(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    rule_edits.save(database, str(given["rule"]), None, base=int(given["base"]), by=by, now=now)
    return f"rule {given['rule']} is deleted"


CHANGES: dict[str, Change] = {
    "save_rule": _save,
    "drop_rule": _drop,
}
#: those after which the files must be written
REWRITE = frozenset(CHANGES)


def write_files(folder: Path, edits: Iterable[RuleEdit]) -> None:
    """Make the files of a folder those that are in use; files of other names are left alone.

    Each is written whole or not at all, and only when it says something else than before.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for edit in edits:
        path = folder / f"{edit.name}.toml"
        if edit.text is None or not edit.enabled:
            path.unlink(missing_ok=True)
            continue
        author = "".join(c if c.isprintable() else " " for c in edit.by)
        wanted = _HEAD.format(version=edit.version, by=author) + edit.text.rstrip("\n") + "\n"
        try:
            known = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            known = None
        if known != wanted:
            fresh = path.with_suffix(".new")
            fresh.write_text(wanted, "utf-8")
            fresh.replace(path)


def with_page_rules(folders: Iterable[Path], data_folder: Path, edits: Iterable[RuleEdit]) -> tuple[Path, ...]:
    """Write the rules of the page, and return the folders to read rules from: theirs after all others.

    A folder that cannot be written costs nothing but the rules of the page.
    """
    own = data_folder / FOLDER
    try:
        write_files(own, edits)
    except OSError as error:
        logger.error("the rules of the page cannot be written to %s: %s", own, error)  # noqa: TRY400
    return tuple(dict.fromkeys((*folders, *((own,) if own.is_dir() else ()))))
