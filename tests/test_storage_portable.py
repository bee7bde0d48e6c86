"""The statements of stories are plain SQL: PostgreSQL runs them too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from scheduler import ladder as keeper
from scheduler.pipeline import Processed
from storage import (
    accounts,
    audit,
    candidates,
    follows,
    ladder,
    notes,
    seen,
    sessions,
    shares,
    sources,
    stories,
    threads,
    tokens,
    triage,
    triage_filter,
    triage_history,
    verdicts,
    view_looks,
    views,
)
from storage.database import open_writer, transaction
from storage.triage_filter import TriageFilter
from storage.triage_values import YES, assignee_text, link_subject, standing_text
from storage.types import Article, Role, StoryState
from storage.types.accounts import ShareKind, TokenScope
from storage.types.triage import Assignee, Following, LinkKind, Standing, TriageField, TriageState, Verdict
from tests.grouping import read_events
from tests.somebody import HERE
from tests.test_scheduler_pipeline import build

NOW = datetime(2026, 4, 1, tzinfo=UTC)
RELEVANT = Standing(state=TriageState.RELEVANT, verdict=Verdict.RELEVANT, by="Ana", at=NOW)
TABLES = (
    "source", "article", "revision", "signal", "story", "story_change", "fingerprint", "name", "alert", "meta",
    "silence", "story_act", "story_act_due", "rung_due", "rung_change", "seen", "note", "story_tag", "story_link",
    "triage_event", "follow", "article_event", "saved_view", "default_view", "view_look",
    "account", "account", "session", "api_token", "share", "audit",
)  # fmt: skip
_TRIAGE = tuple(
    f"storage/{name}.py"
    for name in (
        *("triage", "triage_filter", "triage_history", "triage_merging", "notes", "seen", "verdicts", "follows"),
        *("views", "view_looks"),
    )
)
_PEOPLE = tuple(f"storage/{name}.py" for name in ("accounts", "sessions", "tokens", "shares", "audit"))
_MODULES = (
    *_PEOPLE,
    "storage/stories.py",
    "storage/threads.py",
    "storage/candidates.py",
    "storage/ladder.py",
    *_TRIAGE,
)
_PROGRAMS = ("initdb", "pg_ctl", "psql")
#: what only SQLite understands
_OF_SQLITE = re.compile(r"\b(?:INSERT OR|REPLACE INTO|IFNULL|GLOB|rowid|strftime|julianday|json_each)\b", re.IGNORECASE)
#: what PostgreSQL has in other words
_ELSEWHERE = re.compile(
    r"REFERENCES\s+\S+(?:\s*\([^)]*\))?(?:\s+DEFERRABLE INITIALLY DEFERRED)?|\bWITHOUT ROWID\b|\bSTRICT\b"
)


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The tables, and every statement that grouping made while articles came in, with its values."""
    database = open_writer(tmp_path_factory.mktemp("archive"))
    said: dict[str, str] = {}

    def note(statement: str) -> None:
        frame = sys._getframe()
        while frame.f_back is not None and not frame.f_code.co_filename.endswith(_MODULES):
            frame = frame.f_back
        ours = frame.f_code.co_filename.endswith(_MODULES) or " AS asked " in statement
        if ours and not statement.startswith(("SAVEPOINT", "RELEASE")):
            said.setdefault(re.sub(r"-?\d+|'(?:[^']|'')*'", "?", statement), statement)

    database.conn.set_trace_callback(note)
    _work(database)
    database.conn.set_trace_callback(None)
    marks = ",".join("?" * len(TABLES))
    tables = [
        row[0]
        for row in database.execute(f"SELECT sql FROM sqlite_master WHERE type = 'table' AND name IN ({marks})", TABLES)
    ]
    database.conn.close()
    return tables, list(said.values())


def _work(database: Database) -> None:
    line = build(database)
    done: list[Processed] = []
    for one in read_events("E1")[:24]:
        with transaction(database):
            sources.ensure(database, one.outlet, one.outlet, "", NOW)
            article = Article(
                source_id=one.outlet, url=f"https://{one.outlet}.example/{one.id}", title=one.title,
                paragraphs=one.paragraphs, language=one.language, published_at=one.published, fetched_at=NOW,
            )  # fmt: skip
            done.append(line.process(database, article, key=article.url, now=NOW))
    with transaction(database):
        changed = replace(article, paragraphs=(*article.paragraphs, "Un paragraphe de plus."))
        line.process(database, changed, key=article.url, now=NOW)
        by_story: dict[int, list[int]] = {}
        for each in done:
            by_story.setdefault(each.story_id, []).append(each.article_id)
        large = max(by_story, key=lambda story: len(by_story[story]))
        first = stories.members(database, large)[0]
        apart = threads.split(database, [first.id], author="ana", reason="another", now=NOW)
        threads.merge(database, apart, large, author="ana", reason="the same", now=NOW)
        other = next(story for story in by_story if story != large)
        threads.move(database, by_story[other][:1], large, now=NOW)
        candidates.join_dispatches(database, by_story[other][:1], by_story[large][0])
        candidates.make_original(database, by_story[large][-1], NOW - timedelta(days=400), by_story[large][0])
        threads.mark(database, large, StoryState.CORRECTED)
        stories.forget_fingerprints(database, NOW - timedelta(days=400))
    _triage(database, large, other)
    _people(database)
    _views(database, large)
    stories.get(database, large)
    list(stories.listing(database, since=NOW - timedelta(days=90)))
    threads.thread(database, large)
    threads.changes(database, large)
    threads.joined(database, large)
    stories.novelty(database, large)
    with transaction(database):
        keeper.keep(database, NOW)
        ladder.withdraw_changes(database, ["rung:FRA-MLI:5:1"], NOW)
        ladder.told(database, "FRA", "MLI", NOW, NOW, {"sever_relations"})
        ladder.rung_at(database, "FRA", "MLI", NOW)
        ladder.due_with(database, done[0].article_id)
        ladder.is_due(database)


def _people(database: Database) -> None:
    with transaction(database):
        ana = accounts.add(database, "Ana", None, "hash", NOW)
        accounts.set_password(database, ana.id, "hash", NOW)
        accounts.set_role(database, ana.id, Role.ADMIN)
        accounts.set_enabled(database, ana.id, enabled=True, now=NOW)
        sessions.start(database, ana.id, "secret", NOW, agent="", address="")
        session = sessions.find(database, "secret", NOW)
        assert session is not None
        sessions.touch(database, session.id, NOW)
        sessions.end_all(database, ana.id, but=session.id)
        sessions.end_one(database, ana.id, session.id)
        sessions.end(database, "secret")
        token = tokens.add(database, "ci", TokenScope.READ, "secret", NOW, account_id=ana.id, created_by="Ana")
        tokens.touch(database, token.id, NOW)
        tokens.revoke(database, token.id, NOW)
        share = shares.add(database, ShareKind.STORY, "1", "secret", NOW, by=HERE, lasts=timedelta(days=1))
        shares.revoke(database, share.id, NOW)
        audit.record(database, HERE, "share", {"share": share.id}, NOW)
    accounts.listing(database)
    accounts.to_log_in(database, "ana")
    accounts.password_of(database, ana.id)
    sessions.of_account(database, ana.id, NOW)
    tokens.find(database, "secret", NOW)
    tokens.listing(database, account_id=ana.id)
    shares.find(database, "secret", NOW)
    shares.listing(database, NOW, about=(ShareKind.STORY, "1"), account_id=ana.id)
    audit.lines(database, name="Ana", change="share", about="1")
    audit.names(database)
    audit.changes(database)


def _views(database: Database, story: int) -> None:
    with transaction(database):
        for name in ("one", "two"):
            views.add(
                database, view_id=name, name=name, query="", person_id=None, created_by="Ana", on_dashboard=True,
                now=NOW,
            )  # fmt: skip
        views.move(database, views.get(database, "two", None), earlier=True)
        view_looks.look(database, ["one", "two"], None, up_to=1, now=NOW)
        view_looks.look(database, ["one", "two"], None, up_to=2, now=NOW)
        view = views.get(database, "one", None)
        views.change(database, view, version=1, name="One", query="", on_dashboard=False)
        views.set_default(database, None, "one")
        views.delete(database, views.get(database, "one", None), version=2)
    views.listing(database, None)
    views.default_of(database, None)
    view_looks.of_person(database, None)
    view_looks.newer(database, [story], 0, most=2)


def _triage(database: Database, story: int, other: int) -> None:
    with transaction(database):
        for field, value, subject in (
            (TriageField.STANDING, standing_text(RELEVANT), ""),
            (TriageField.IMPORTANT, YES, ""),
            (TriageField.ASSIGNEE, assignee_text(Assignee(name="Ana")), ""),
            (TriageField.TAG, "Visas", "visas"),
            (TriageField.LINK, YES, link_subject(other, LinkKind.RELATED_TO)),
        ):
            triage.write(database, story, field, value, subject=subject, by=HERE, now=NOW)
        note = notes.add(database, other, "À suivre", by=HERE, now=NOW)
        triage_history.begin_batch(database, note)
        for one, number in ((story, "0"), (other, "0"), (other, "7")):
            triage.write(database, one, TriageField.FOLLOW, YES, subject=number, by=HERE, now=NOW)
        seen.see(database, story, HERE, NOW)
        triage.marks(database, [story, other], None)
        threads.merge(database, other, story, author="ana", reason="the same", now=NOW)
        threads.take_back(database, threads.changes(database, story)[0].id, author="ana", now=NOW)
        triage.write(database, story, TriageField.TAG, "", subject="visas", by=HERE, now=NOW)
        triage.write(database, story, TriageField.FOLLOW, "", subject="0", by=HERE, now=NOW)
        seen.unsee(database, story, HERE)
    for wanted in (
        TriageFilter(states=(TriageState.RELEVANT,), seen=True, important=True, noted=True, tagged=True),
        TriageFilter(states=tuple(TriageState), seen=False, important=False, noted=False, tagged=False),
        TriageFilter(verdict=Verdict.RELEVANT, tag="visas", assigned=True, assignee="ana"),
        *(TriageFilter(following=following) for following in Following),
    ):
        found, values = triage_filter.clauses(database, wanted)
        database.execute(f"SELECT st.id AS asked FROM story st WHERE {' AND '.join(found)}", values)
    triage.verdicts_by_story(database, [story])
    verdicts.by_watch(database)
    verdicts.by_rule(database, NOW)
    list(verdicts.labelled_articles(database))
    triage_history.of_story(database, story)
    triage_history.of_batch(database, note.id)
    triage_history.last_own(database, None, NOW)
    seen.looks(database, story)
    follows.count(database, None)
    follows.number_of(database, None)
    notes.of_story(database, story)
    notes.tags(database)
    notes.tag_named(database, "visas")
    notes.assignees(database)
    notes.links(database, story)
    notes.nearby(database, story)
    notes.headlines(database, [story])


def test_nothing_is_said_that_only_sqlite_understands(statements: tuple[list[str], list[str]]) -> None:
    _, said = statements
    assert len(said) > 25
    assert [one for one in said if _OF_SQLITE.search(one)] == []


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[list[str]]:
    """The command that speaks to a PostgreSQL of our own."""
    if any(shutil.which(program) is None for program in _PROGRAMS):
        pytest.skip("needs initdb, pg_ctl and psql of PostgreSQL")
    folder = Path("/tmp") / f"vigie-pg-{os.getpid()}"
    folder.mkdir()
    # PostgreSQL refuses to run as root.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "nobody")
    data, socket = folder / "data", ["-h", str(folder)]
    try:
        subprocess.run(
            ["initdb", "-D", data, "-U", "vigie", "--no-sync"], check=True, capture_output=True, cwd=folder, **user
        )  # type: ignore[call-overload]
        start = ["pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", f"-k {folder} -c listen_addresses=''", "start"]
        subprocess.run(start, check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload]
        try:
            yield ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *socket, "-U", "vigie", "-d", "postgres"]
        finally:
            subprocess.run(
                ["pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder, **user
            )  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_runs_every_statement(statements: tuple[list[str], list[str]], postgres: list[str]) -> None:
    tables, said = statements
    script = ["BEGIN;"]
    plain = (re.sub(r"\bINTEGER\b", "BIGINT", _ELSEWHERE.sub("", table)) for table in tables)
    script += [table.replace("BLOB", "BYTEA") + ";" for table in plain]
    script += [f"EXPLAIN {one};" for one in said]
    done = subprocess.run(postgres, input="\n".join(script), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
