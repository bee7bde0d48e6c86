"""The desk's panes: one address for the list and what is open beside it, with and without scripts."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.panes import Panes, without_story
from review.rendering import STATIC_FOLDER
from review.settings import ReviewSettings
from scheduler import ladder
from storage import threads
from storage.database import open_writer, transaction
from storage.types import Watch
from tests.outbox_fill import NOW as TOLD
from tests.test_review_app import ORTM, Told, store
from tests.visitor import Visitor, application

SCRIPTED = {"HX-Request": "true", "HX-Target": "pane"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Path]]:
    folder = tmp_path_factory.mktemp("panes") / "data"
    database = open_writer(folder)
    yield database, folder
    database.conn.close()


@pytest.fixture(scope="module")
def visitor(archive: tuple[Database, Path]) -> Visitor:
    database, folder = archive
    store(database, Told(title="Le Mali expulse", when=TOLD))
    store(
        database, Told(title="Le Mali rompt", type="break_relations", source=ORTM, url="https://o.example/2", when=TOLD)
    )
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="Europe/Paris", data_folder=folder,
        watches=(Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),)),), version="0.0",
    )  # fmt: skip
    return Visitor(application(database, settings))


def pane_of(body: str) -> str:
    """The reading pane of a page."""
    return body.split('id="pane"', 1)[1].split("</main>", maxsplit=1)[0]


def test_the_list_stays_while_a_story_is_read(visitor: Visitor) -> None:
    page = visitor.get("/?severity=2&story=1")
    assert page.status == 200
    assert {"row-1", "row-2"} <= set(re.findall(r'id="(row-\d+)"', page.body))
    assert "<h1>Le Mali expulse</h1>" in pane_of(page.body)
    assert re.search(r'id="row-1" data-row data-opened aria-current="true"', page.body)
    # What is narrowed stays narrowed, whatever is opened or closed.
    links = {html.unescape(link) for link in re.findall(r'<a href="([^"]+)" data-(?:open|close)', page.body)}
    assert {"/?severity=2&story=1", "/?severity=2&story=2", "/?severity=2&article=1", "/?severity=2"} <= links


def test_an_article_opens_beside_the_list_and_marks_its_story(visitor: Visitor) -> None:
    page = visitor.get("/?article=2")
    assert "Bamako a <b>expulsé</b>" in pane_of(page.body)
    assert re.search(r'id="row-2" data-row data-opened', page.body)


def test_a_script_gets_the_pane_alone_with_its_title(visitor: Visitor) -> None:
    # The first look marks it as seen, which the pane says: both looks that are compared come after it.
    visitor.get("/?severity=2&story=1")
    page = visitor.get("/?severity=2&story=1", SCRIPTED)
    assert page.body.startswith("<title>Le Mali expulse · Vigie</title>")
    assert "<html" not in page.body
    assert "data-row data-opened" not in page.body
    whole = visitor.get("/?severity=2&story=1").body
    for line in filter(str.strip, page.body.splitlines()[1:]):
        assert line in whole
    # Whoever comes back by the browser's history gets the page.
    assert "<html" in visitor.get("/?story=1", SCRIPTED | {"HX-History-Restore-Request": "true"}).body


@pytest.mark.parametrize("path", ["/?story=77", "/?article=77", "/?article=1&revision=9"])
@pytest.mark.parametrize("headers", [{}, SCRIPTED])
def test_what_is_not_stored_cannot_be_opened(visitor: Visitor, path: str, headers: dict[str, str]) -> None:
    assert visitor.get(path, headers).status == 404


@pytest.mark.parametrize("path", ["/?story=", "/?story=x", "/?article=-1", "/?story=1e3&article=%00"])
def test_what_has_no_number_opens_nothing(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert page.status == 200
    assert "Choose an event" in pane_of(page.body)


def test_a_story_that_went_into_another_leads_there(tmp_path: Path) -> None:
    database = open_writer(tmp_path / "data")
    article, story = store(database, Told(when=TOLD))
    _, other = store(database, Told(title="Autre", source=ORTM, url="https://o.example/2", when=TOLD))
    with transaction(database):
        threads.move(database, [article], other, now=TOLD)
    settings = ReviewSettings(
        public_url="http://127.0.0.1",
        language="en",
        timezone="UTC",
        data_folder=tmp_path / "data",
        watches=(),
        version="0",
    )
    answer = Visitor(application(database, settings)).get(f"/?q=mali&story={story}")
    assert (answer.status, answer.headers["location"]) == (308, f"/?q=mali&story={other}")
    database.conn.close()


def test_how_the_page_looks_is_remembered(visitor: Visitor) -> None:
    reader = Visitor(visitor.app)
    assert 'data-density="comfortable"' in reader.get("/").body
    chosen = reader.get("/?severity=2&density=compact&keys=off").body
    assert 'data-density="compact"' in chosen
    assert (reader.cookies["vigie_density"], reader.cookies["vigie_keys"]) == ("compact", "off")
    again = reader.get("/?severity=2").body
    assert 'data-density="compact"' in again
    assert '<body class="panes" data-keys="off"' in again
    # The choice does not cling to the addresses that are passed on.
    assert "density=compact" not in "".join(re.findall(r'href="[^"]+"', chosen))
    assert reader.get("/?density=<b>&keys=1").status == 200
    assert reader.cookies["vigie_density"] == "compact"


def test_addresses_lead_to_pages_outside_the_desk() -> None:
    alone, beside = Panes(desk=False), Panes(desk=True, kept=(("q", "a&b"), ("tag", "x"), ("tag", "y")))
    assert alone.article(3, revision=2) == "/articles/3?revision=2"
    assert beside.article(3, revision=None) == "/?q=a%26b&tag=x&tag=y&article=3"
    assert beside.closed == "/?q=a%26b&tag=x&tag=y"
    assert alone.story(4) == "/stories/4"


@pytest.mark.parametrize(
    ("address", "led"),
    [
        ("/?severity=4&story=12&from=3&before=x", "/?severity=4&before=x#row-12"),
        ("/?story=12", "/#row-12"),
        ("/stories/12", "/#row-12"),
        ("/stories/13", None),
        ("/?story=13", None),
        ("/?article=3", None),
        ("/?article=3&story=12", None),
        ("/sources?story=12", None),
    ],
)
def test_an_address_leads_on_with_a_story_closed(address: str, led: str | None) -> None:
    assert without_story(address, 12) == led


def test_the_vendored_script_is_the_one_that_was_chosen() -> None:
    digest = hashlib.sha256((STATIC_FOLDER / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in (Path(__file__).parent.parent / "docs" / "decisions.md").read_text("utf-8")


def test_the_ladder_of_the_watched_pair_stands_where_nothing_is_open(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    watch = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))
    settings = ReviewSettings(
        public_url="http://127.0.0.1",
        language="en",
        timezone="UTC",
        data_folder=tmp_path,
        watches=(watch,),
        version="0",
    )
    _, story = store(database, Told(when=TOLD))
    visitor = Visitor(application(database, settings))
    assert "<svg" not in visitor.get("/").body  # nothing is known to have happened between the two
    with transaction(database):
        database.execute("INSERT INTO story_act_due (story_id) VALUES (?)", (story,))
        ladder.catch_up(database, TOLD)
    resting = pane_of(visitor.get("/").body)
    assert 'id="resting-title"' in resting
    assert 'id="story-ladder-title"' in pane_of(visitor.get(f"/?story={story}").body)
    assert 'id="resting-title"' not in visitor.get(f"/?story={story}").body
    database.conn.close()
