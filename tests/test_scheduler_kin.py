"""Articles find the stories that tell their event, whatever came first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from scheduler.pipeline import Pipeline, Processed
from storage import candidates, sources, stories, threads
from storage.database import open_writer, transaction
from storage.types import Article
from tests.test_scheduler_pipeline import build

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

#: two reports that only a third one shows to be one event
COLD = ("Coup de froid à Sikasso", "Luc Berthier a quitté Sikasso lundi, dit Awa Coulibaly. Le Mali se tait.")
TOLD = ("Le Mali expulse un coopérant français", "Bamako accuse Luc Berthier d’espionnage. Il vivait à Sikasso.")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def report(database: Database, line: Pipeline, name: str, title: str, text: str, hours: float = 0) -> Processed:
    with transaction(database):
        sources.ensure(database, name, name, "", NOW)
        article = Article(
            source_id=name, url=f"https://{name}.example/1", title=title, paragraphs=tuple(text.split("\n")),
            language="fr", published_at=NOW + hours * HOUR, fetched_at=NOW + 9 * HOUR,
        )  # fmt: skip
        return line.process(database, article, key=article.url, now=NOW + 9 * HOUR)


EXPELLED = "Le Mali expulse deux diplomates français"
TEXT = "Bamako a déclaré persona non grata Luc Berthier et Anne Colin, de l’ambassade de France."


def test_reports_of_one_event_in_other_words_share_a_story(database: Database) -> None:
    line = build(database)
    first = report(database, line, "a", EXPELLED, TEXT)
    second = report(database, line, "b", "Deux Français priés de quitter Bamako", f"Paris proteste.\n{EXPELLED}.", 2)
    assert second.story_id == first.story_id


def test_stories_opened_apart_become_one_and_the_link_to_the_other_leads_on(database: Database) -> None:
    line = build(database)
    one = report(
        database, line, "a", "Mali : Luc Berthier attendu à Paris", "La France attend Luc Berthier et Anne Colin."
    )
    two = report(database, line, "b", EXPELLED, "Bamako a déclaré persona non grata deux conseillers.", 30)
    assert one.story_id != two.story_id
    bridge = report(database, line, "c", EXPELLED, TEXT, 15)
    held = candidates.stories_of(database, [one.article_id, two.article_id, bridge.article_id])
    assert len(set(held.values())) == 1
    left = {one.story_id, two.story_id} - set(held.values())
    assert [threads.joined(database, story) for story in left] == [*set(held.values())]


def test_what_people_split_is_never_joined_again(database: Database) -> None:
    line = build(database)
    first = report(database, line, "a", EXPELLED, TEXT)
    second = report(database, line, "b", EXPELLED, f"Une autre dépêche.\n{EXPELLED} : Anne Colin et Luc Berthier.", 1)
    assert second.story_id == first.story_id
    with transaction(database):
        apart = threads.split(database, [second.article_id], author="ana", reason="other", now=NOW)
    third = report(database, line, "c", EXPELLED, f"Paris réagit.\n{EXPELLED} : Luc Berthier et Anne Colin partent.", 2)
    held = candidates.stories_of(database, [first.article_id, second.article_id])
    assert held == {first.article_id: first.story_id, second.article_id: apart}
    assert third.story_id in held.values()


def test_an_original_that_arrives_last_heads_its_copies(database: Database) -> None:
    line = build(database)
    body = "\n".join(
        f"Paragraphe {number} de la dépêche, avec assez de mots pour que la copie se voie." for number in range(9)
    )
    copy = report(database, line, "a", EXPELLED, f"{TEXT}\n{body}", 3)
    original = report(database, line, "b", "Mali : deux diplomates français expulsés", f"{TEXT}\n{body}")
    assert original.copy_of == copy.article_id
    assert original.story_id == copy.story_id
    held = {one.id: one.copy_of for one in stories.members(database, copy.story_id)}
    assert held == {original.article_id: None, copy.article_id: original.article_id}


def test_the_full_text_makes_one_dispatch_of_two_versions(database: Database) -> None:
    line = build(database)
    body = [
        " ".join(
            f"{word}{letter * 2}" for word in ("envoyé", "dépêche", "préfet", "marché", "annonce", "route", "départ")
        )
        for letter in "bcdfghjklmnp"
    ]
    one = report(database, line, "a", EXPELLED, "\n".join([TEXT, *body[:8]]), 1)
    two = report(database, line, "b", "Mali-France : deux départs", "\n".join([TEXT, *body[7:]]), 2)
    assert two.copy_of is None
    full = report(database, line, "c", "Deux diplomates français sommés de partir", "\n".join([TEXT, *body]))
    places = candidates.places_of(database, [one.article_id, two.article_id, full.article_id])
    assert {story for story, _ in places.values()} == {full.story_id}
    assert {copied for _, copied in places.values()} == {None, full.article_id}


def test_the_same_wording_on_another_state_is_no_copy(database: Database) -> None:
    line = build(database)
    form = (
        "{town} — Un humanitaire français de 47 ans a été arrêté lundi dans l’ouest {of_state} et placé en garde à vue "
        "à {town} pour espionnage présumé, a-t-on appris mardi de sources judiciaire et sécuritaire. Il a été "
        "interpellé à son domicile par des agents du renseignement, qui ont saisi deux ordinateurs et un téléphone."
    )
    mali = report(database, line, "a", "Un Français arrêté", form.format(town="BAMAKO", of_state="du Mali"))
    faso = report(
        database, line, "b", "Un Français arrêté", form.format(town="OUAGADOUGOU", of_state="du Burkina Faso"), 1
    )
    again = report(
        database, line, "c", "Mali : un Français aux arrêts", form.format(town="BAMAKO", of_state="du Mali"), 2
    )
    assert faso.copy_of is None
    assert faso.story_id != mali.story_id
    assert again.copy_of == mali.article_id
