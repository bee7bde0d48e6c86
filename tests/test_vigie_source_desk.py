"""Adding sources on the page: looked at, shown, saved to the configuration file, read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from review.app import create_app
from review.errors import ChangeRefusedError
from review.health import Readiness
from review.outlets import LookState
from review.settings import ReviewSettings
from storage.database import open_writer
from storage.types import AddressKind, CrawlFailure, Done, FailureReason, FeedEntry, Person, Source
from tests.outbox_fill import NOW
from tests.somebody import ANALYST, HERE
from tests.visitor import Visitor, performer
from vigie.adding import Preview, Proposal, Tried
from vigie.errors import VigieError
from vigie.settings import Settings, load
from vigie.source_desk import MOST_LOOKS, SourceDesk

FEED = "https://fleuve.example/rss.xml"
FOUND = Source(id="fleuve", name="Le Fleuve <b>", url="https://fleuve.example/", feeds=(FEED,), language="fr")
PROPOSAL = Proposal(
    source=FOUND,
    tried=(
        Tried(kind=AddressKind.FEED, url=FEED, entries=(FeedEntry(url="https://fleuve.example/a", title="A"),)),
        Tried(
            kind=AddressKind.SITEMAP,
            url="https://fleuve.example/sitemap.xml",
            failure=CrawlFailure(reason=FailureReason.NOT_FOUND, detail="answers 404"),
        ),
    ),
    preview=(
        Preview(
            url="https://fleuve.example/a", title="Crue du fleuve", published=NOW, authors=("Awa Diallo",),
            text="Le fleuve monte. " * 60, failure=None,
        ),
    ),
)  # fmt: skip
OPML = f"""<opml version="2.0"><body>
<outline text="Le Fleuve" xmlUrl="{FEED}" htmlUrl="https://fleuve.example/"/>
<outline text="Intern" xmlUrl="ftp://intern.example/rss"/>
<outline text="Déjà" xmlUrl="https://soir.example/rss.xml"/>
</body></opml>"""
FILE = """# mine
[[source]]
id = "soir"
name = "Le Soir"
url = "https://soir.example/"
feeds = ["https://soir.example/rss.xml"]
"""


def look_of(done: Done | None) -> int:
    assert done is not None
    return int(done.id)


@dataclass
class Room:
    """A desk over a configuration file, with what it told the service."""

    file: Path
    desk: SourceDesk = field(init=False)
    taken: list[Source] = field(default_factory=list)
    noted: list[tuple[str, dict[str, Any], Person]] = field(default_factory=list)
    #: what looking at an outlet ends with
    outcome: Proposal | Exception = PROPOSAL
    gate: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.desk = SourceDesk(load(self.file, with_secrets=False), self.take, self.note, ask=self.ask)

    async def ask(self, _settings: Settings, _url: str) -> Proposal:
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def take(self, found: Sequence[Source]) -> None:
        self.taken += found

    async def note(self, name: str, given: dict[str, Any], by: Person) -> Done:
        self.noted.append((name, given, by))
        return Done(sentence="done")

    async def looked(self, url: str = "https://fleuve.example/") -> int:
        number = look_of(await self.desk.perform("look_at_source", {"url": url}, HERE))
        assert self.desk._task is not None
        await self.desk._task
        return number


@pytest.fixture
def room(tmp_path: Path) -> Room:
    file = tmp_path / "vigie.toml"
    file.write_text(FILE)
    return Room(file)


async def test_what_was_shown_is_what_is_saved_and_read_at_once(room: Room) -> None:
    number = await room.looked()
    look = room.desk.look(number)
    assert look is not None
    assert (look.state, look.sources) == (LookState.READY, (FOUND,))
    assert [(one.entries, one.failure) for one in look.tried] == [(1, None), (0, "answers 404")]
    assert room.file.read_text() == FILE
    await room.desk.perform("add_sources", {"look": number}, ANALYST)
    assert room.file.read_text().startswith(FILE)
    assert [source.id for source in load(room.file, with_secrets=False).sources] == ["soir", "fleuve"]
    assert room.taken == [FOUND]
    assert room.noted == [("add_sources", {"source": "fleuve"}, ANALYST)]
    assert FEED.encode() in room.desk.export()
    with pytest.raises(ChangeRefusedError, match="nothing to save"):
        await room.desk.perform("add_sources", {"look": number}, ANALYST)


async def test_one_outlet_is_looked_at_a_time_and_old_looks_go(room: Room) -> None:
    room.gate = asyncio.Event()
    first = look_of(await room.desk.perform("look_at_source", {"url": "https://fleuve.example/"}, HERE))
    look = room.desk.look(first)
    assert look is not None
    assert look.state is LookState.RUNNING
    with pytest.raises(ChangeRefusedError, match="another outlet"):
        await room.desk.perform("look_at_source", {"url": "https://x.example/"}, HERE)
    with pytest.raises(ChangeRefusedError, match="nothing to save"):
        await room.desk.perform("add_sources", {"look": first}, HERE)
    await room.desk.close()
    for _ in range(MOST_LOOKS):
        await room.desk.perform("look_at_source", {"list": OPML}, HERE)
    assert room.desk.look(first) is None


@pytest.mark.parametrize("error", [VigieError("lists nothing"), RuntimeError("lists nothing")])
async def test_a_look_that_fails_says_why(room: Room, error: Exception) -> None:
    room.outcome = error
    look = room.desk.look(await room.looked())
    assert look is not None
    assert look.state is LookState.FAILED
    assert "lists nothing" in (look.detail or "")


async def test_an_outlet_that_is_read_already_is_not_offered(room: Room) -> None:
    room.outcome = Proposal(
        source=Source(id="x", name="x", url="https://soir.example/", feeds=("https://soir.example/rss.xml",)),
        tried=(), preview=(),
    )  # fmt: skip
    look = room.desk.look(await room.looked())
    assert look is not None
    assert "is read already" in (look.detail or "")


async def test_a_list_is_read_without_what_is_known_or_refused(room: Room) -> None:
    number = look_of(await room.desk.perform("look_at_source", {"list": OPML}, HERE))
    look = room.desk.look(number)
    assert look is not None
    assert [source.feeds for source in look.sources] == [(FEED,)]
    assert (look.known, [line for line, _ in look.refused]) == (1, [3])
    with pytest.raises(ChangeRefusedError, match="no OPML"):
        await room.desk.perform("look_at_source", {"list": "<html/>"}, HERE)
    with pytest.raises(ChangeRefusedError, match="document type"):
        await room.desk.perform("look_at_source", {"list": "<!DOCTYPE x>" + OPML}, HERE)
    assert await room.desk.perform("acknowledge", {}, HERE) is None


async def test_without_a_file_nothing_is_saved(room: Room) -> None:
    number = await room.looked()
    room.file.unlink()
    assert room.desk.file is None
    with pytest.raises(ChangeRefusedError, match="no configuration file"):
        await room.desk.perform("add_sources", {"look": number}, HERE)
    assert room.taken == []


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_writer(tmp_path)
    yield found
    found.close()


@pytest.fixture
def visitor(room: Room, database: Database, tmp_path: Path) -> Visitor:
    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    ordinary = performer(database)

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        done = await room.desk.perform(name, given, by)
        return done if done is not None else await ordinary(name, given, by)

    settings = ReviewSettings(
        public_url="http://127.0.0.1:8470", language="en", timezone="Europe/Zurich", data_folder=tmp_path, version="1"
    )
    return Visitor(create_app(settings, readiness=ready, perform=perform, now=lambda: NOW, outlets=room.desk))


def test_a_list_is_pasted_shown_and_saved(visitor: Visitor, room: Room) -> None:
    assert "/new-source" in visitor.get("/sources").body
    visitor.get("/new-source")
    answer = visitor.post("/new-source", {"list": OPML})
    assert answer.status == 303
    page = visitor.get(answer.headers["location"])
    assert FEED in page.text
    assert "1 feed is read already." in page.text
    saved = visitor.post(answer.headers["location"] + "/save")
    assert saved.status == 303
    assert "was added to" in visitor.get(saved.headers["location"]).text
    assert [source.feeds for source in room.taken] == [(FEED,)]
    assert FEED in visitor.get("/sources.opml").body
    assert visitor.post(answer.headers["location"] + "/save").status == 409


def test_what_an_outlet_would_bring_is_shown_as_text(visitor: Visitor, room: Room) -> None:
    visitor.get("/new-source")
    number = asyncio.run(room.looked())
    page = visitor.get(f"/new-source/{number}?lang=fr")
    for part in (
        "Le Fleuve <b>",
        "Crue du fleuve",
        "Le fleuve monte.",
        "…",
        "Awa Diallo",
        "answers 404",
        "Ajouter cette source",
    ):
        assert part in page.text
    assert "<b>," not in page.body
    assert "Le Fleuve <b>" not in page.body


def test_a_form_without_anything_or_with_too_much_is_refused(visitor: Visitor) -> None:
    visitor.get("/new-source")
    assert "Give an address or a list." in visitor.post("/new-source", {"url": " "}).text
    assert visitor.post("/new-source", {"list": "x" * (1024 * 1024 + 1)}).status == 422
    assert visitor.post("/new-source", {"list": "<html/>"}).status == 409


def test_only_who_may_change_sources_sees_the_pages(visitor: Visitor, room: Room) -> None:
    visitor.get("/new-source")
    visitor.person = ANALYST
    assert visitor.get("/new-source").status == 403
    assert visitor.post("/new-source", {"list": OPML}).status == 403
    assert "/new-source" not in visitor.get("/sources").body
    assert visitor.get("/sources.opml").status == 200
    assert visitor.get("/new-source/99").status == 403
