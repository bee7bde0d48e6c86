"""Triage on the page: every button is a form, nothing is lost, and each change can be taken back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlite_utils import Database

from review.settings import ReviewSettings
from scheduler import changes
from storage import articles, notes, seen, sources, stories, threads, triage
from storage.database import open_writer, transaction
from storage.types import Article, Person, Role, Signal, Status
from storage.types.triage import LinkKind, TriageState, VerdictReason
from tests.outbox_fill import NOW
from tests.somebody import ANALYST, READER
from tests.visitor import Page, Visitor, application

BEN = Person(id=9, name="Ben", role=Role.ANALYST)
HEADLINES = ("Expulsion <b>à</b> Bamako", "Visas suspendus", "Accord militaire dénoncé")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Database]]:
    path = tmp_path_factory.mktemp("archive")
    database = open_writer(path)
    yield path, database
    database.conn.close()


@pytest.fixture
def database(folder: tuple[Path, Database]) -> Database:
    """An archive with three stories of two articles each, fresh for every test."""
    _, opened = folder
    with transaction(opened):
        for table in (
            "triage_event", "note", "story_tag", "story_link", "seen", "follow", "audit", "story_change", "signal",
            "revision", "article", "story", "source",
        ):  # fmt: skip
            opened.execute(f"DELETE FROM {table}")
        sources.ensure(opened, "fleuve", "Le Fleuve", "https://fleuve.example/", NOW)
        for number, headline in enumerate(HEADLINES):
            story = stories.create(opened, headline, NOW - timedelta(hours=number))
            for part in ("un", "deux"):
                add(opened, f"{headline} {part}", story, NOW - timedelta(hours=number))
    return opened


def add(database: Database, title: str, story: int, at: object = NOW) -> int:
    article = Article(
        source_id="fleuve", url=f"https://fleuve.example/{title}", title=title, paragraphs=(title,), published_at=NOW,
        fetched_at=NOW,
    )  # fmt: skip
    saved = articles.save(database, article, key=title, origin="fleuve", now=NOW)
    stories.attach(
        database, saved.article_id, story, saved.effective_at, severity=0, copy_of=None, coverage=None, origin="fleuve"
    )
    return saved.article_id


@pytest.fixture(scope="module")
def app(folder: tuple[Path, Database]) -> FastAPI:
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=folder[0], version="0.0"
    )
    return application(folder[1], settings)


@pytest.fixture
def visit(app: FastAPI, database: Database) -> Visitor:
    return Visitor(app, person=ANALYST)


def another(visit: Visitor, person: Person | None = BEN) -> Visitor:
    return Visitor(visit.app, person=person)


def numbers(database: Database) -> list[int]:
    return [row[0] for row in database.execute("SELECT id FROM story ORDER BY last_seen_at DESC, id")]


def send(visit: Visitor, story: int, do: str, **fields: str) -> Page:
    """Press a button of a story's page as it stands."""
    page = visit.get(f"/stories/{story}")
    version = re.findall(r'name="version" value="(\d+)"', page.body)
    return visit.post(f"/stories/{story}/triage", {"do": do, "version": version[0], **fields})


def test_a_verdict_leads_back_and_stands_on_desk_and_story(visit: Visitor, database: Database) -> None:
    story = numbers(database)[0]
    sent = send(visit, story, "not_relevant", reason="rule_too_wide", back="/?show=all&period=24h")
    assert (sent.status, sent.headers["location"]) == (303, "/?show=all&period=24h")
    assert triage.get(database, story).standing.reason is VerdictReason.RULE_TOO_WIDE
    desk = visit.get("/?show=all")
    assert "Not relevant (rule too wide)" in desk.text
    assert "Your last change: New → Not relevant (rule too wide) on Expulsion <b>à</b> Bamako" in desk.text
    assert "<b>à</b>" not in desk.body
    assert "Ines New → Not relevant (rule too wide)" in visit.get(f"/stories/{story}").text


def test_what_was_changed_is_taken_back_by_one_button(visit: Visitor, database: Database) -> None:
    story = numbers(database)[1]
    send(visit, story, "escalated")
    page = visit.get(f"/stories/{story}")
    event = re.findall(r'class="undobar".*?name="event" value="(\d+)"', page.body, re.DOTALL)[0]
    sent = visit.post("/triage/undo", {"event": event, "back": f"/stories/{story}"})
    assert (sent.status, sent.headers["location"]) == (303, f"/stories/{story}")
    assert triage.get(database, story).standing.state is TriageState.NEW
    page = visit.get(f"/stories/{story}")
    assert "undobar" not in page.body
    assert "taken back: Escalated → New" in page.text
    assert another(visit).get(f"/stories/{story}").body.count('action="/triage/undo"') == 0
    again = visit.post("/triage/undo", {"event": event})
    assert (again.status, "taken back before" in again.text) == (409, True)


def test_a_lost_update_is_refused_shows_how_it_stands_and_keeps_what_was_entered(
    visit: Visitor, database: Database
) -> None:
    story = numbers(database)[0]
    page = visit.get(f"/stories/{story}")
    version = re.findall(r'name="version" value="(\d+)"', page.body)[0]
    send(another(visit), story, "relevant")
    refused = visit.post(f"/stories/{story}/triage", {"do": "not_relevant", "reason": "old", "version": version})
    assert refused.status == 409
    assert "Somebody was quicker Ben changed this" in refused.text
    assert "New → Relevant" in refused.text
    assert "You had chosen: Not relevant (old)" in refused.text
    assert '<option value="old" selected>' in refused.body
    assert triage.get(database, story).standing.state is TriageState.RELEVANT
    fresh = re.findall(r'name="version" value="(\d+)"', refused.body)[0]
    sent = visit.post(f"/stories/{story}/triage", {"do": "not_relevant", "reason": "old", "version": fresh})
    assert sent.status == 303
    assert triage.get(database, story).standing.state is TriageState.NOT_RELEVANT


def test_rules_are_told_in_the_readers_language(visit: Visitor, database: Database) -> None:
    story = numbers(database)[0]
    visit.get("/?lang=fr")
    refused = send(visit, story, "closed")
    assert refused.status == 409
    assert "On ne clôt que ce qui a été jugé." in refused.text
    assert "only what was judged" not in refused.text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"do": "explode"}, "This cannot be read"),
        ({"do": "not_relevant", "reason": "no"}, "This cannot be read"),
        ({"do": "tag", "tag": " "}, "A tag needs a name"),
        ({"do": "tag", "tag": "x" * 41}, "A tag needs a name"),
        ({"do": "note", "text": "\n"}, "Please write something"),
        ({"do": "assign", "assignee": ""}, "A name has 80"),
        ({"do": "link", "other": "x", "kind": "related_to"}, "number of another event"),
        ({"do": "link", "other": "/stories/x", "kind": "related_to"}, "number of another event"),
        ({"do": "withdraw", "note": "0x"}, "This cannot be read"),
    ],
)
def test_fields_that_cannot_be_used_are_named(
    visit: Visitor, database: Database, fields: dict[str, str], message: str
) -> None:
    story = numbers(database)[0]
    visit.get(f"/stories/{story}")
    page = visit.post(f"/stories/{story}/triage", fields)
    assert (page.status, message in page.text) == (422, True)


def test_notes_tags_people_and_links(visit: Visitor, database: Database) -> None:
    one, two, _ = numbers(database)
    text = "Rappeler\nParis <script>alert(1)</script> " + "é" * 3_900
    assert send(visit, one, "note", text=text).status == 303
    assert send(visit, one, "tag", tag="Bases & visas").status == 303
    assert send(visit, one, "assign", assignee="Moussa").status == 303
    assert send(visit, one, "important").status == 303
    assert send(visit, one, "link", other=f"http://127.0.0.1/?show=all&story={two}#a", kind="in_reply_to").status == 303
    with transaction(database):
        database.execute("UPDATE story SET telling = 1")
    assert f'<option value="{two}" label="{two} · {HEADLINES[1]}">' in visit.get(f"/stories/{one}/arrange").body
    page = visit.get(f"/stories/{one}")
    assert html.escape("<script>alert(1)</script>") in page.body
    assert "<script>alert" not in page.body
    assert "Ines" in page.text
    assert "Assigned to Moussa" in page.text
    assert '<option value="Bases &amp; visas"' in visit.get(f"/stories/{two}").body
    assert f"answered by {HEADLINES[0]}" in visit.get(f"/stories/{two}").text
    desk = visit.get("/?show=all").text
    assert "1 note" in desk
    assert "Bases & visas" in desk
    assert "Moussa" in desk
    (note,) = notes.of_story(database, one)
    assert send(another(visit), one, "withdraw", note=str(note.id)).status == 409
    assert send(visit, one, "withdraw", note=str(note.id)).status == 303
    assert send(visit, one, "untag", tag="bases & VISAS").status == 303
    assert send(visit, one, "unassign").status == 303
    assert send(visit, one, "unlink", other=str(two), kind="in_reply_to").status == 303
    page = visit.get(f"/stories/{one}")
    assert "Rappeler" not in page.text
    assert "Note of Ines, withdrawn" in page.text
    held = triage.get(database, one)
    assert (held.tags, held.notes, held.assignee) == ((), 0, None)
    assert notes.links(database, two) == []


def test_i_take_it(visit: Visitor, database: Database) -> None:
    story = numbers(database)[0]
    send(visit, story, "assign_me")
    held = triage.get(database, story).assignee
    assert held is not None
    assert held.name == ANALYST.name


def test_a_name_given_with_a_note_is_remembered_where_nobody_logs_in(visit: Visitor, database: Database) -> None:
    here = another(visit, None)
    story = numbers(database)[0]
    assert send(here, story, "note", text="À suivre", author="Moussa T.").status == 303
    (note,) = notes.of_story(database, story)
    assert (note.author, note.person_id) == ("Moussa T.", None)
    send(here, story, "relevant")
    assert triage.get(database, story).standing.by == "Moussa T."


def test_opening_a_story_sees_it_for_oneself_alone(visit: Visitor, database: Database) -> None:
    one, two, three = numbers(database)
    for path, story in ((f"/stories/{one}", one), (f"/?story={two}", two)):
        visit.get(path)
        assert seen.look(database, story, ANALYST.id) is not None
        assert seen.look(database, story, BEN.id) is None
    for headers in ({"Sec-Purpose": "prefetch"}, {"Sec-Fetch-Dest": "image"}):
        visit.get(f"/stories/{three}", headers)
    assert seen.look(database, three, ANALYST.id) is None
    add(database, "Suite", one)
    assert visit.get("/?show=all").body.count("unread behind") == 1
    assert visit.get(f"/stories/{one}").text.count("new since you looked") == 1
    assert "new since you looked" not in visit.get(f"/stories/{one}").text
    assert another(visit).get("/?show=all").body.count("unread new") == 3


def test_two_people_on_one_story_are_told_of_each_other(visit: Visitor, database: Database) -> None:
    story = numbers(database)[0]
    other = another(visit)
    send(other, story, "tag", tag="x")
    page = visit.get(f"/stories/{story}")
    assert "Ben is looking at this" in page.text
    assert "Ben changed this" in page.text
    assert "Ines is looking at this" in other.get(f"/stories/{story}").text


def test_readers_mark_what_they_saw_and_nothing_else(visit: Visitor, database: Database) -> None:
    reader = another(visit, READER)
    story = numbers(database)[0]
    page = reader.get(f"/stories/{story}")
    assert 'action="/stories' in page.body
    assert '/triage"' not in page.body
    assert 'name="do" value="relevant"' not in reader.get("/?show=all").body
    assert reader.post(f"/stories/{story}/seen", {"do": "unseen"}).status == 303
    assert seen.look(database, story, READER.id) is None
    assert reader.post(f"/stories/{story}/triage", {"do": "relevant"}).status == 403
    assert reader.post("/triage/bulk", {"do": "relevant", "story": f"{story}.0"}).status == 403
    assert reader.post(f"/stories/{story}/split", {"article": "1"}).status == 403
    assert triage.get(database, story).standing.state is TriageState.NEW


def test_readers_mark_many_as_seen(visit: Visitor, database: Database) -> None:
    reader = another(visit, READER)
    one, *others = numbers(database)
    reader.get(f"/stories/{one}")
    page = reader.get("/triage/bulk?show=all&all=1&do=seen")
    assert "Mark as seen 2 events change. 1 stands so already and stays as it is." in page.text
    assert reader.post("/triage/bulk-seen", [("do", "seen"), *boxes(page)]).status == 303
    assert all(seen.look(database, story, READER.id) for story in others)


def test_a_reason_is_changed_and_never_lost_by_the_way(visit: Visitor, database: Database) -> None:
    story = numbers(database)[0]
    for reason in ("old", "duplicate", ""):
        assert send(visit, story, "not_relevant", reason=reason).status == 303
    assert triage.get(database, story).standing.reason is VerdictReason.DUPLICATE


def boxes(page: Page) -> list[tuple[str, str]]:
    return [("story", value) for value in re.findall(r'name="story" value="(\d+\.\d+)"', page.body)]


def test_many_are_changed_after_the_effect_was_stated(visit: Visitor, database: Database) -> None:
    one, two, three = numbers(database)
    send(visit, two, "relevant")
    desk = visit.get("/?show=all")
    chosen = boxes(desk)
    assert len(chosen) == 3
    address = "/triage/bulk?show=all&do=closed&" + "&".join(f"story={value}" for _, value in chosen)
    page = visit.get(address)
    assert "3 events are selected. Close 1 event changes." in page.text
    assert "2 stay as they are, because the rules do not allow it." in page.text
    sent = visit.post("/triage/bulk", [("do", "closed"), ("back", "/?show=all"), *boxes(page)])
    assert (sent.status, sent.headers["location"]) == (303, "/?show=all")
    assert [triage.get(database, story).standing.state for story in (one, two, three)] == ["new", "closed", "new"]


def test_all_of_a_view_are_changed_and_taken_back_as_one(visit: Visitor, database: Database) -> None:
    one, *_ = numbers(database)
    page = visit.get("/triage/bulk?show=all&all=1&do=not_relevant")
    assert "3 events are in this view. Not relevant 3 events change." in page.text
    fields = [("do", "not_relevant"), ("reason", "background"), ("back", "/?show=all"), *boxes(page)]
    assert visit.post("/triage/bulk", fields).status == 303
    desk = visit.get("/?show=all")
    assert "Your last change: 3 events: New → Not relevant (background)" in desk.text
    event = re.findall(r'name="event" value="(\d+)"', desk.body)[0]
    assert visit.post("/triage/undo", {"event": event}).status == 303
    assert {triage.get(database, story).standing.state for story in numbers(database)} == {TriageState.NEW}
    tagged = visit.get("/triage/bulk?show=all&all=1&do=tag")
    assert visit.post("/triage/bulk", [("do", "tag"), ("tag", "Mali"), *boxes(tagged)]).status == 303
    assert triage.get(database, one).tags == ("Mali",)


def test_many_are_not_changed_when_one_was_changed_meanwhile(visit: Visitor, database: Database) -> None:
    one, two, _ = numbers(database)
    page = visit.get("/triage/bulk?show=all&all=1&do=relevant")
    send(another(visit), two, "not_relevant", reason="old")
    refused = visit.post("/triage/bulk", [("do", "relevant"), ("back", "/?show=all"), *boxes(page)])
    assert refused.status == 409
    assert "changed since by Ben" in refused.text
    assert triage.get(database, one).standing.state is TriageState.NEW
    assert visit.post("/triage/bulk", [("do", "relevant"), *boxes(refused)]).status == 303
    assert triage.get(database, two).standing.state is TriageState.RELEVANT


def test_an_empty_or_unreadable_choice_says_so(visit: Visitor, database: Database) -> None:
    assert "No event was selected" in visit.get("/triage/bulk?story=x.y&do=relevant").text
    assert "1 event is not in the archive" in visit.get("/triage/bulk?story=99999.0").text
    visit.get("/?show=all")
    assert visit.post("/triage/bulk", {"do": "relevant"}).status == 422


def test_articles_are_split_off_and_merged_back(visit: Visitor, database: Database) -> None:
    one, two, _ = numbers(database)
    own = [article.id for article in stories.members(database, one)]
    page = visit.get(f"/stories/{one}/arrange")
    assert page.body.count('name="article"') == 2
    fields = [("reason", "autre affaire")]
    assert visit.post(f"/stories/{one}/split", fields).status == 422
    every = visit.post(f"/stories/{one}/split", [*fields, *(("article", str(number)) for number in own)])
    assert (every.status, "but not all" in every.text) == (422, True)
    sent = visit.post(f"/stories/{one}/split", [*fields, ("article", str(own[1]))])
    assert sent.status == 303
    new = int(sent.headers["location"].rsplit("/", 1)[1])
    assert [article.id for article in stories.members(database, new)] == [own[1]]
    check = visit.get(f"/stories/{new}/merge?into={two}")
    assert "Merge these two events?" in check.text
    assert HEADLINES[1] in check.text
    assert stories.get(database, new).articles == 1
    assert visit.get(f"/stories/{new}/merge?into={new}").status == 422
    assert visit.get(f"/stories/{new}/merge?into=98765").status == 422
    sent = visit.post(f"/stories/{new}/merge", {"into": str(two), "reason": "le même"})
    assert sent.status == 303
    assert threads.joined(database, new) == two
    assert visit.get(f"/stories/{new}").headers["location"] == f"/stories/{two}"
    past = visit.get(f"/stories/{two}/arrange").text
    assert f"Ines put event {new} into this one" in past
    number = re.findall(r'name="arrangement" value="(\d+)"', visit.get(f"/stories/{two}/arrange").body)[0]
    assert visit.post(f"/stories/{two}/unarrange", {"arrangement": number}).status == 303
    assert [article.id for article in stories.members(database, new)] == [own[1]]
    assert visit.post(f"/stories/{two}/unarrange", {"arrangement": "999"}).status == 409


def test_a_page_older_than_a_merge_changes_nothing(visit: Visitor, database: Database) -> None:
    one, two, _ = numbers(database)
    visit.get(f"/stories/{one}")
    with transaction(database):
        given = {"story": one, "into": two, "author": "Ben", "reason": "le même"}
        changes.apply(database, "merge_stories", given, NOW, by=BEN)
    refused = visit.post(f"/stories/{one}/triage", {"do": "relevant", "version": "0"})
    assert refused.status == 409
    assert visit.get(f"/stories/{one}/triage").headers["location"] == f"/stories/{two}/triage"


def test_everything_has_words_in_both_languages(visit: Visitor, database: Database) -> None:
    one, two, three = numbers(database)
    made: tuple[tuple[str, dict[str, Any]], ...] = (
            ("verdict", {"story": one, "state": "not_relevant", "reason": "wrong_actor"}),
            ("important", {"story": one, "important": True}), ("important", {"story": one, "important": False}),
            ("assign", {"story": one, "assignee": "Awa"}), ("assign", {"story": one, "assignee": ""}),
            ("tag", {"story": one, "tag": "a"}), ("untag", {"story": one, "tag": "a"}),
            ("note", {"story": one, "text": "b"}),
            *(("link_stories", {"story": one, "other": two, "kind": kind}) for kind in LinkKind),
            ("unlink_stories", {"story": one, "other": two, "kind": "related_to"}),
    )  # fmt: skip
    with transaction(database):
        for name, given in made:
            changes.apply(database, name, given, NOW, by=ANALYST)
    for language, word in (("fr", "étiquette ajoutée"), ("en", "tag added")):
        for path in (f"/stories/{one}", f"/stories/{one}/triage", f"/stories/{two}", f"/stories/{one}/arrange"):
            assert visit.get(f"{path}?lang={language}").status == 200
        assert word in visit.get(f"/stories/{one}?lang={language}").text
        assert visit.get(f"/stories/{one}/merge?into={three}&lang={language}").status == 200
        for do in ("relevant", "not_relevant", "tag", "untag", "assign", "important"):
            assert visit.get(f"/triage/bulk?all=1&show=all&do={do}&lang={language}").status == 200


def test_precision_is_shown_with_its_range_and_reasons(visit: Visitor, database: Database) -> None:
    assert "No verdict yet" in visit.get("/precision").text
    one, two, three = numbers(database)
    signal = Signal(
        type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="x", start=0,
        end=1, rule="fr.expel",
    )  # fmt: skip
    with transaction(database):
        for story in (one, two, three):
            article = stories.members(database, story)[0]
            articles.save_signals(database, article.id, article.revision_id, (signal,))
    for story, do in ((one, "relevant"), (two, "escalated"), (three, "not_relevant")):
        send(visit, story, do, reason="rule_too_wide")
    page = visit.get("/precision?days=30")
    assert "fr.expel 67% 21–94% 2 of 3 rule too wide 1" in page.text
    assert visit.get("/precision?days=all&lang=fr").status == 200
