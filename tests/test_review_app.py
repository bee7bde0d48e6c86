"""The pages as a browser gets them: a real archive, a real server, real requests."""

from __future__ import annotations

import html
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from alerts.notices import Speech
from review.app import create_app
from review.changing import Perform
from review.health import Check, Readiness
from review.rendering import SCRIPTS
from review.settings import ReviewSettings
from scheduler.announcing import Announcements
from scheduler.batches import GatheringSettings, close
from scheduler.outgoing import OutgoingSettings, Route
from storage import (
    alerts,
    articles,
    batches,
    deliveries,
    entries,
    health,
    revisions,
    sources,
    stories,
    threads,
    watch_state,
)
from storage.alerts import NewDelivery
from storage.database import open_writer, transaction
from storage.types import (
    Alert,
    Article,
    CanaryRun,
    Cause,
    CrawlFailure,
    Decision,
    DecisionKind,
    DeliveryState,
    FailureReason,
    FeedEntry,
    Health,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
    Outcome,
    OutcomeClass,
    QuietHours,
    Signal,
    Source,
    Status,
    Watch,
)
from tests.holding import raise_one
from tests.served import served

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RFI = Source(id="rfi", name="RFI", url="https://rfi.example/", language="fr", country="FRA")
ORTM = Source(id="ortm", name="ORTM", url="https://ortm.example/", language="fr", country="MLI")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass
class Site:
    """A running page and the archive behind it."""

    port: int
    database: Database
    readiness: list[Readiness]

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            sent = {"Host": f"127.0.0.1:{self.port}"} | {name.replace("_", "-"): text for name, text in headers.items()}
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            body = response.read().decode()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
        finally:
            connection.close()


def run_site(
    folder: Path, language: str = "fr", *, performer: Callable[[Database], Perform] | None = None
) -> Iterator[Site]:
    database = open_writer(folder)
    readiness = [Readiness(fit=True, checks=(Check(name="database", ok=True, detail="open"),))]

    async def check() -> Readiness:
        return readiness[0]

    watch = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))
    settings = ReviewSettings(
        public_url="https://vigie.example:8443/",
        language=language,
        timezone="Europe/Zurich",
        data_folder=folder,
        watches=(watch,),
        version="0.0",
    )
    perform = None if performer is None else performer(database)
    app = create_app(settings, readiness=check, perform=perform, now=lambda: NOW)
    try:
        with served(app) as port:
            yield Site(port, database, readiness)
    finally:
        database.conn.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from run_site(tmp_path / "data")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with one story, for tests that change nothing."""
    for site in run_site(tmp_path_factory.mktemp("shared") / "data"):
        article, story = store(site.database, Told())
        add_alert(site.database, story, article)
        yield site


@dataclass
class Told:
    """What a test stores of one article."""

    title: str = "Le Mali expulse deux diplomates"
    sentence: str = "Bamako a expulsé mardi deux diplomates français."
    trigger: str = "expulsé"
    type: str = "expel_diplomats"
    severity: int = 4
    actor: str | None = "MLI"
    target: str | None = "FRA"
    status: Status = Status.ASSERTED
    source: Source = RFI
    origin: str = "RFI"
    lede: str = ""
    url: str = "https://rfi.example/1"
    authors: tuple[str, ...] = ()
    when: datetime = NOW - timedelta(hours=1)
    cues: tuple[str, ...] = ()
    rule: str = "fr.expel"
    signal: bool = True
    extra: tuple[str, ...] = field(default=("Suite de l’article.",))


def store(database: Database, told: Told, *, story: int | None = None, headline: str | None = None) -> tuple[int, int]:
    """Store an article with one signal in a story; return the ids of both."""
    with transaction(database):
        sources.ensure(database, told.source.id, told.source.name, told.source.url, NOW)
        article = Article(
            source_id=told.source.id,
            url=told.url,
            title=told.title,
            lede=told.lede,
            paragraphs=(told.sentence, *told.extra),
            authors=told.authors,
            published_at=told.when,
            language=told.source.language,
            fetched_at=told.when,
        )
        key = f"{told.url}#{told.title}{told.when}{told.source.id}"
        saved = articles.save(database, article, key=key, origin=told.origin, now=told.when)
        full = f"{article.title}\n{article.text}"
        start = full.index(told.trigger, full.index(told.sentence))
        signal = Signal(
            type=told.type,
            severity=told.severity,
            actor=told.actor,
            target=told.target,
            status=told.status,
            sentence=told.sentence,
            start=start,
            end=start + len(told.trigger),
            rule=told.rule,
            cues=told.cues,
        )
        if told.signal:
            articles.save_signals(database, saved.article_id, saved.revision_id, (signal,))
        if story is None:
            story = stories.create(database, headline or told.title, told.when)
        stories.attach(
            database, saved.article_id, story, told.when,
            severity=told.severity, copy_of=None, coverage=None, origin=told.origin,
        )  # fmt: skip
        return saved.article_id, story


def add_alert(database: Database, story: int, article: int | None, *, name: str = "1", headline: str = "Alerte") -> str:
    alert = Alert(
        id=f"alr_{name}",
        key=f"key-{name}",
        type="alert.new",
        watch_id="france-mali",
        story_id=story,
        severity=4,
        headline=headline,
        payload=json.dumps({"type": "alert.new", "data": {"why": ["paire surveillée"]}}),
        created_at=NOW - timedelta(minutes=30),
    )
    row = NewDelivery(
        key=f"d-{name}", channel_id="desk", recipient="a@example.org", state=DeliveryState.PENDING, next_attempt_at=NOW
    )
    with transaction(database):
        alerts.raise_alert(database, alert, [row], decision=None, article_id=article)
    return alert.id


def close_delivery(database: Database, *, well: bool) -> None:
    with transaction(database):
        ((delivery, _),) = deliveries.lease(database, "desk", NOW, 1, timedelta(minutes=1))
    with transaction(database):
        deliveries.record(
            database,
            delivery.id,
            Outcome(
                outcome=OutcomeClass.OK if well else OutcomeClass.GONE, detail="250 queued" if well else "410 Gone"
            ),
            state=DeliveryState.SENT if well else DeliveryState.DEAD,
            next_attempt_at=None,
            counts=True,
            maybe_delivered=False,
            started_at=NOW,
            ended_at=NOW,
        )


class Markup(HTMLParser):
    """What a browser would make of a page: tags with attributes, and text."""

    def __init__(self, body: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a" and "href" in attributes]


# --- what the pages show ------------------------------------------------------------------------


def test_desk_row_says_who_did_what_to_whom_and_proves_it(site: Site) -> None:
    store(site.database, Told(source=ORTM, origin="AFP"))
    body = site.get("/").body
    page = Markup(body)
    assert "Expulsion de diplomates".lower() in page.words.lower()
    assert re.search(r"Mali\s+→\s+France", page.words)
    assert "Bamako a expulsé mardi deux diplomates français." in page.words
    assert "<b>expulsé</b>" in body
    assert "AFP via ORTM" in page.words
    assert "09:00 08:00 UTC" in page.words  # Zurich is one hour ahead in November
    assert "pas d’alerte" in page.words
    assert any(tag == "span" and attributes.get("class") == "severity s4" for tag, attributes in page.tags)


def test_desk_leaves_out_stories_without_signal_unless_asked(site: Site) -> None:
    store(site.database, Told(title="Récolte de coton", signal=False))
    assert "Récolte de coton" not in site.get("/").body
    assert "Récolte de coton" in site.get("/?show=all").body


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("severity=4", {"Expulsion", "Rupture"}),
        ("severity=5", {"Rupture"}),
        ("type=summon_ambassador", {"Convocation"}),
        ("pair=FRA-MLI", {"Expulsion", "Convocation"}),
        ("pair=MLI-FRA", {"Expulsion", "Convocation"}),
        ("pair=ner-fra", {"Rupture"}),
        ("status=threatened", {"Rupture"}),
        ("source=ortm", {"Convocation"}),
        ("language=fr", {"Expulsion", "Convocation", "Rupture"}),
        ("language=en", set()),
        ("period=12h", {"Expulsion"}),
        ("q=arrestation", {"Convocation"}),
        ("q=ARR%C3%89STATION+NOT+mali", {"Convocation"}),
        ("q=relations+OR+arrestation", {"Convocation", "Rupture"}),
        ("q=actor:MLI", {"Expulsion"}),
        ("q=%22ses+relations%22+NOT+lang:en", {"Rupture"}),
        ("q=NOT+expulse", {"Convocation", "Rupture"}),
        ("severity=4&pair=FRA-MLI", {"Expulsion"}),
        ("severity=nonsense", {"Expulsion", "Convocation", "Rupture"}),
    ],
)
def test_every_filter_stands_in_the_address(site: Site, query: str, found: set[str]) -> None:
    store(site.database, Told(), headline="Expulsion")
    store(
        site.database,
        Told(title="Convocation", sentence="Paris a convoqué le chargé après une arrestation.", trigger="convoqué",
             type="summon_ambassador", severity=2, actor="FRA", target="MLI", source=ORTM,
             when=NOW - timedelta(days=2)),
    )  # fmt: skip
    store(
        site.database,
        Told(title="Rupture", sentence="Niamey menace de rompre ses relations avec Paris.", trigger="rompre",
             type="sever_relations", severity=5, actor="NER", target="FRA", status=Status.THREATENED,
             when=NOW - timedelta(days=3)),
    )  # fmt: skip
    with transaction(site.database):
        site.database.execute("UPDATE article SET language = 'fr'")
    answer = site.get(f"/?{query}")
    assert answer.status == 200
    headlines = set(re.findall(r'<h3><a href="[^"]+" data-open[^>]*>([^<]+)</a>', answer.body))
    assert headlines == found


def test_paging_by_key_shows_every_story_once(site: Site) -> None:
    same = NOW - timedelta(hours=3)
    for number in range(120):
        store(site.database, Told(title=f"Titre {number}", url=f"https://rfi.example/{number}", when=same))
    seen: list[str] = []
    path: str | None = "/?severity=2"
    pages = 0
    while path:
        body = site.get(path).body
        seen += re.findall(r'story=(\d+)" data-open', body)
        following = re.search(r'rel="next" href="([^"]+)"', body)
        path = html.unescape(following[1]) if following else None
        pages += 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, key=int, reverse=True)


def test_alert_state_follows_the_delivery(site: Site) -> None:
    article, story = store(site.database, Told())
    add_alert(site.database, story, article)
    assert "alerte en cours d’envoi" in site.get("/").body
    close_delivery(site.database, well=False)
    assert "envoi en échec" in site.get("/").body
    with transaction(site.database):
        deliveries.replay(site.database, 1, NOW)
    close_delivery(site.database, well=True)
    assert "alerte envoyée" in site.get("/").body
    with transaction(site.database):
        alerts.acknowledge(site.database, "alr_1", NOW)
    assert "prise en charge" in site.get("/").body


def test_story_page_shows_events_articles_and_the_delivery_log(site: Site) -> None:
    first, story = store(site.database, Told(origin="AFP"))
    second, _ = store(
        site.database,
        Told(title="Reprise", source=ORTM, origin="AFP", url="https://ortm.example/2", when=NOW),
        story=story,
    )
    with transaction(site.database):
        site.database.execute("UPDATE article SET copy_of = ? WHERE id = ?", (first, second))
    add_alert(site.database, story, first, headline="Deux diplomates expulsés")
    close_delivery(site.database, well=False)
    page = Markup(site.get(f"/stories/{story}").body)
    assert "2 articles" in page.words
    assert "une seule origine" in page.words
    assert "1 reprise\u202f: ORTM" in page.words
    assert "Deux diplomates expulsés" in page.words
    assert "410 Gone" in page.words
    assert "a@example.org" in page.words
    assert "paire surveillée" in page.words
    assert page.words.index("Le Mali expulse") < page.words.index("Reprise")


def test_a_story_that_went_into_another_leads_there(site: Site) -> None:
    article, story = store(site.database, Told())
    _, other = store(site.database, Told(title="Autre", source=ORTM, url="https://ortm.example/2"))
    with transaction(site.database):
        threads.move(site.database, [article], other, now=NOW)
    answer = site.get(f"/stories/{story}")
    assert answer.status == 308
    assert answer.headers["location"] == f"/stories/{other}"


def test_a_partial_article_says_why_its_page_was_not_read(site: Site) -> None:
    url, title = "https://rfi.example/mur", "Un titre du flux"
    entry = FeedEntry(url=url, title=title, summary="", authors=(), published_at=NOW)
    detail = "the page is for subscribers"
    with transaction(site.database):
        sources.ensure(site.database, RFI.id, RFI.name, RFI.url, NOW)
        entries.add(site.database, RFI.id, url, entry, NOW)
        partial = Article(source_id=RFI.id, url=url, title=title, paragraphs=(), partial=True, fetched_at=NOW)
        saved = articles.save(site.database, partial, key=url, origin="RFI", now=NOW)
        (pending,) = entries.due(site.database, NOW, 9)
        failure = CrawlFailure(reason=FailureReason.PAYWALL, detail=detail)
        entries.failed(site.database, pending.id, failure, None, saved.article_id)
    path = f"/articles/{saved.article_id}"
    assert "La page n’a pas été lue\u202f: réservé aux abonnés." in Markup(site.get(path).body).words
    assert "The page was not read: for subscribers only." in Markup(site.get(f"{path}?lang=en").body).words
    told = site.get(f"/api/v1{path}").json()
    assert (told["partial"], told["partial_reason"], told["partial_detail"]) == (True, "paywall", detail)
    with transaction(site.database):
        full = replace(partial, partial=False, paragraphs=("Le texte.",))
        articles.save(site.database, full, key=url, origin="RFI", now=NOW)
    assert site.get(f"/api/v1{path}").json()["partial_reason"] is None


def test_article_page_marks_the_sentence_and_explains_decisions(site: Site) -> None:
    told = Told(title="Crise 🇲🇱", lede="E\u0301lan 😀", cues=("a expulsé",), rule="fr.expel.verb")
    article, _ = store(site.database, told)
    with transaction(site.database):
        for watch, kind, detail in (
            ("france-mali", DecisionKind.NEW, "Premier article."),
            ("autre", DecisionKind.NONE, "Paire non suivie."),
        ):
            alerts.record_decision(
                site.database, Decision(watch_id=watch, kind=kind, reason="r", detail=detail),
                article_id=article, revision_id=1, alert_id=None, rules_version="1", now=NOW,
            )  # fmt: skip
    body = site.get(f"/articles/{article}").body
    assert '<mark class="s4">Bamako a <b>expulsé</b> mardi deux diplomates français.</mark>' in body
    page = Markup(body)
    for expected in (
        "fr.expel.verb",
        "a expulsé",
        "Premier article.",
        "Paire non suivie.",
        "France – Mali",
        "Version 1",
    ):
        assert expected in page.words
    assert 'href="#signal-1"' in body
    assert 'id="signal-1"' in body


def test_earlier_revisions_keep_their_own_marks(site: Site) -> None:
    article, _ = store(site.database, Told())
    changed = Article(
        source_id="rfi",
        url="https://rfi.example/1",
        title="Titre corrigé",
        paragraphs=("Tout va bien.",),
        fetched_at=NOW,
    )
    key = site.database.execute("SELECT key FROM article").fetchone()[0]
    with transaction(site.database):
        articles.save(site.database, changed, key=key, origin="RFI", now=NOW)
    assert "<mark" not in site.get(f"/articles/{article}").body
    old = site.get(f"/articles/{article}?revision=1").body
    assert "<mark" in old
    assert "version antérieure" in old
    assert site.get(f"/articles/{article}?revision=3").status == 404


def test_what_a_version_changed_is_shown_word_by_word_and_escaped(site: Site) -> None:
    article, _ = store(site.database, Told())
    before = articles.get(site.database, article)
    changed = Article(
        source_id="rfi", url=before.url, title=f"{before.title} <b>hier</b>", paragraphs=("Tout va bien.",),
        fetched_at=NOW,
    )  # fmt: skip
    with transaction(site.database):
        saved = articles.save(site.database, changed, key=before.key, origin="RFI", now=NOW)
        revisions.record_edit(site.database, saved, added=(), dropped=(), now=NOW)
        revisions.withdraw(site.database, article, "has no such page (HTTP 404)", NOW)
    body = site.get(f"/articles/{article}?revision=2&changes=1").body
    assert "<ins> &lt;b&gt;hier&lt;/b&gt;</ins>" in body
    assert "<del>" in body
    assert "modification non signalée" in body
    assert "La page a disparu du site" in body
    assert "<ins>" not in site.get(f"/articles/{article}?revision=1&changes=1").body
    answer = json.loads(site.get(f"/api/v1/articles/{article}").body)
    assert [event["kind"] for event in answer["events"]] == ["edited", "withdrawn"]
    assert [revision["silent"] for revision in answer["revisions"]] == [False, True]
    assert datetime.fromisoformat(answer["withdrawn_at"]) == NOW


# --- how the watch is doing -----------------------------------------------------------------------


def test_states_network_canary_and_notices_are_shown_in_the_readers_language(site: Site) -> None:
    store(site.database, Told())
    silent = Health(
        state=HealthState.SILENT, since=NOW - timedelta(hours=1),
        cause=Cause(last_new_at=NOW - timedelta(days=2), usual=timedelta(hours=3), limit=timedelta(hours=24)),
    )  # fmt: skip
    event = HealthEvent(source_id="rfi", at=NOW, was=HealthState.FRESH, health=silent)
    speech = Speech(public_url="https://vigie.example", language="fr", zone=ZoneInfo("Europe/Zurich"))
    told = Announcements(routes=(), sources_by_id={"rfi": RFI}, instance="here", speech=speech)
    with transaction(site.database):
        sources.sync(site.database, [RFI], NOW)
        sources.record_poll(site.database, "rfi", failure=None, new_entries=0, next_check_at=NOW, now=NOW)
        health.save(site.database, "rfi", silent, first_read_at=None)
        watch_state.record_canary(site.database, CanaryRun(started_at=NOW, ended_at=NOW, stage="fetch", detail="dns"))
        told.sources(site.database, [event], NOW)
    french, english = site.get("/sources").body, site.get("/sources?lang=en").body
    assert "son rythme n’explique que 24\u00a0h" in french
    assert "its rhythm explains no more than 24\u00a0h" in english
    assert "Canari perdu" in french
    assert "source silencieuse" in french
    assert french.count('<article class="alert"') == 1
    assert "source silencieuse" not in site.get("/alerts").body
    (found,) = json.loads(site.get("/api/v1/sources").body)["sources"]
    assert found["standing"] == "silent"
    assert "its rhythm explains" in found["reason"]
    assert [alert["type"] for alert in json.loads(site.get("/api/v1/alerts").body)["alerts"]] == ["source.silent"]
    figures = site.get("/metrics").body
    for line in ('vigie_source_states{state="silent"} 1', "vigie_network_up 1", "vigie_canary_ok 0"):
        assert line in figures
    with transaction(site.database):
        watch_state.save_network(site.database, Network(state=NetworkState.DOWN, since=NOW, failed=61, asked=64))
    assert "61 des 64 sites" in site.get("/").body
    assert "vigie_network_up 0" in site.get("/metrics").body


# --- three reasons for an empty list --------------------------------------------------------------


def test_an_empty_list_says_why(site: Site) -> None:
    assert "Rien n’est encore archivé" in site.get("/").body
    store(site.database, Told(signal=False))
    assert "Aucun signal d’escalade" in site.get("/").body
    assert "Aucun événement ne correspond" in site.get("/?type=sanctions").body
    with transaction(site.database):
        sources.sync(site.database, [RFI], NOW)
        sources.record_poll(
            site.database, "rfi", failure=CrawlFailure(reason=FailureReason.DNS, detail="no such name"),
            new_entries=0, next_check_at=NOW, now=NOW,
        )  # fmt: skip
    body = site.get("/").body
    assert "Les sources ne répondent pas" in body
    assert "La veille est aveugle" in body
    page = site.get("/sources").body
    assert "nom introuvable" in page
    assert "no such name" in page


# --- search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "position"),
    [
        ('mali "ouvert', 5),
        ("OR mali", 0),
        ("(mali", 0),
        ("!mali", 0),
        ("mali /ouvert", 5),
        ("/mali/", 0),
        ("mali severity:9", 14),
        ("—", 0),
    ],
)
def test_a_search_that_cannot_be_read_shows_its_place(shared: Site, search: str, position: int) -> None:
    answer = shared.get(f"/?q={quote(search)}")
    assert answer.status == 400
    shown = html.unescape(answer.body)
    assert f"{search}\n{' ' * position}^</pre>" in shown
    interface = shared.get(f"/api/v1/stories?q={quote(search)}")
    assert interface.status == 400
    assert interface.json()["position"] == position


@pytest.mark.parametrize(
    "search", ["AND", "NEAR(a b)", "title:mali", "'; DROP TABLE article; --", "*", "(", "^x", "%00", "é̀"]
)
def test_no_search_breaks_the_page(shared: Site, search: str) -> None:
    assert shared.get(f"/?q={quote(search)}").status in {200, 400}


# --- addresses, headers, hosts --------------------------------------------------------------------

PAGES = ("/", "/?show=all&q=mali", "/alerts", "/sources", "/stories/1", "/articles/1", "/nowhere", "/static/base.css")


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/stories", "/healthz", "/readyz", "/metrics"])
def test_every_answer_carries_the_security_headers(shared: Site, path: str) -> None:
    headers = shared.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    kept = "public" if path.startswith("/static/") else "private, no-cache" if path.startswith("/api/") else "no-store"
    assert kept in headers["cache-control"]
    assert "server" not in headers


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:80", "LOCALHOST:8470", "127.0.0.1", "[::1]:8470", "vigie.example"]
)
def test_known_hosts_are_answered(shared: Site, host: str) -> None:
    assert shared.get("/healthz", Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", "[::2]", "localhost@evil.example",
     "", "localhost:80:80", "vigie.example.evil.example", "169.254.169.254", "localhost evil.example"],
)  # fmt: skip
def test_foreign_hosts_get_421_on_every_page(shared: Site, host: str) -> None:
    for path in ("/", "/healthz", "/api/v1/alerts", "/static/base.css"):
        answer = shared.get(path, Host=host, X_Forwarded_Host="localhost")
        assert answer.status in ({421} if host.isprintable() and " " not in host else {400, 421})
        assert "Vigie" not in answer.body


def test_oversized_headers_are_refused(shared: Site) -> None:
    assert shared.get("/", X_Many="y" * 15_000).status == 200
    assert shared.get("/", X_Many="y" * 17_000).status == 431
    assert shared.get("/", **{f"X_{number}": "y" for number in range(101)}).status == 431


def test_only_reading_is_possible(shared: Site) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = shared.get("/", method=method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"
    head, full = shared.get("/", method="HEAD"), shared.get("/")
    assert head.status == 200
    assert head.body == ""
    assert head.headers["content-length"] == full.headers["content-length"]


@pytest.mark.parametrize(
    "path",
    ["/stories/0", "/stories/-1", "/stories/abc", "/stories/99999999999999999999", "/stories/1e3", "/stories/٣",
     "/articles/7", "/static/../app.py", "/static/%2e%2e/app.py", "/docs", "/redoc", "/alerts/", "/stories"],
)  # fmt: skip
def test_addresses_that_lead_nowhere_are_404(shared: Site, path: str) -> None:
    answer = shared.get(quote(path, safe="/%"))
    assert answer.status == 404
    assert "Page introuvable" in answer.body


def test_every_function_works_without_javascript(shared: Site) -> None:
    for path in PAGES[:6]:
        page = Markup(shared.get(path).body)
        assert not [attributes for _, attributes in page.tags for name in attributes if name.startswith("on")]
        assert not [tag for tag, attributes in page.tags if tag == "script" and "src" not in attributes]
        assert not [attributes for _, attributes in page.tags if "style" in attributes]
        for link in page.links():
            assert link.startswith(("/", "#", "https://"))
            if link.startswith("/"):
                assert shared.get(link.split("#")[0]).status == 200
        for tag, attributes in page.tags:
            if tag == "form":
                assert attributes.get("method") in {"get", "dialog"}


# --- languages ------------------------------------------------------------------------------------


def test_the_reader_chooses_the_language(shared: Site) -> None:
    french = shared.get("/")
    assert '<html lang="fr">' in french.body
    assert "vigie_language" not in french.headers["set-cookie"]
    english = shared.get("/?lang=en&severity=2", Cookie="vigie_form=" + "0" * 32)
    assert '<html lang="en">' in english.body
    assert "Diplomats expelled".lower() in english.body.lower()
    cookie = english.headers["set-cookie"]
    assert "vigie_language=en" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert '<html lang="en">' in shared.get("/alerts", Cookie="vigie_language=en").body
    assert '<html lang="fr">' in shared.get("/?lang=de", Cookie="vigie_language=x").body


# --- health, figures, interface ---------------------------------------------------------------------


def test_readiness_gives_its_reasons(site: Site) -> None:
    assert site.get("/healthz").body == "ok"
    answer = site.get("/readyz")
    assert (answer.status, answer.json()["fit"]) == (200, True)
    site.readiness[0] = Readiness(fit=False, checks=(Check(name="crawler", ok=False, detail="not running"),))
    answer = site.get("/readyz")
    assert answer.status == 503
    assert answer.json() == {"fit": False, "checks": [{"name": "crawler", "ok": False, "detail": "not running"}]}


def test_figures_for_prometheus(site: Site) -> None:
    article, story = store(site.database, Told())
    add_alert(site.database, story, article)
    answer = site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'vigie_deliveries{channel="desk",state="waiting"} 1\n' in answer.body
    assert "vigie_oldest_delivery_waiting_seconds 1800\n" in answer.body
    for line in answer.body.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) vigie_\w+ .+|vigie_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [-+.0-9e]+', line)


def test_the_interface_pages_by_key(site: Site) -> None:
    for number in range(5):
        _, story = store(site.database, Told(title=f"T{number}", url=f"https://rfi.example/{number}"))
        add_alert(site.database, story, None, name=str(number))
    for name in ("stories", "alerts"):
        seen: list[object] = []
        following = ""
        while True:
            found = site.get(f"/api/v1/{name}?limit=2{following}").json()
            rows = found[name]
            assert isinstance(rows, list)
            seen += [row["story"]["id"] if name == "stories" else row["id"] for row in rows]
            if found["next"] is None:
                break
            following = f"&before={found['next']}"
        assert len(seen) == len(set(seen)) == 5


def test_the_interface_gives_what_the_pages_show(site: Site) -> None:
    article, story = store(site.database, Told())
    add_alert(site.database, story, article)
    row = site.get("/api/v1/stories?pair=MLI-FRA").json()["stories"]
    assert isinstance(row, list)
    assert row[0]["evidence"]["signal"]["actor"] == "MLI"
    assert row[0]["alerts"]["deliveries"] == {"pending": 1}
    detail = site.get(f"/api/v1/stories/{story}").json()
    assert detail["alerts"] == site.get("/api/v1/alerts").json()["alerts"]
    text = site.get(f"/api/v1/articles/{article}").json()
    signals = text["signals"]
    assert isinstance(signals, list)
    full = f"{text['title']}\n{text['text']}"
    assert full[signals[0]["start"] : signals[0]["end"]] == "expulsé"
    assert site.get("/api/v1/sources").json()["sources"]
    assert site.get("/api/v1/stories/99").status == 404
    for path in (
        "stories?severity=9",
        "stories?before=x",
        "stories/0",
        "stories/99999999999999999999",
        "alerts?before=1",
    ):
        assert site.get(f"/api/v1/{path}").status == 422
    schema = site.get("/api/openapi.json").json()
    paths = schema["paths"]
    assert isinstance(paths, dict)
    assert {f"/api/v1/{name}" for name in ("stories", "stories/{story_id}", "alerts", "sources")} <= set(paths)


# --- untrusted text -------------------------------------------------------------------------------

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<body onload=alert(1)>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<form action=https://evil.example><input name=q></form>",
    "<object data=data:text/html,x></object>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{7*7}}{% raw %}{0.__class__}",
    '" autofocus onfocus=alert(1) x="',
    "<x/onclick=alert(1)>",
    "<details open ontoggle=alert(1)>",
)
LINKS = (
    "javascript:alert(1)", "jav\tascript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "javascript://x.example/%0aalert(1)", "vbscript:x", "ftp://x.example/", "//evil.example/", "https://",
    "file:///etc/passwd", "https://ok.example/\"onmouseover=alert(1)",
)  # fmt: skip
ALLOWED_TAGS = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "img", "nav", "ul", "li", "main",
    "footer", "span", "dialog", "h1", "h2", "h3", "dl", "dt", "dd", "kbd", "form", "button", "div", "input", "small",
    "details", "summary", "label", "select", "option", "p", "section", "ol", "i", "b", "q", "time", "table", "thead",
    "tbody", "tr", "th", "td", "caption", "article", "aside", "mark", "code", "pre", "template", "datalist",
    "svg", "line", "rect",  # small charts that the server draws
}  # fmt: skip


def assert_harmless(body: str) -> Markup:
    page = Markup(body)
    assert {tag for tag, _ in page.tags} <= ALLOWED_TAGS
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "srcdoc", "autofocus"}]
        assert tag != "meta" or "http-equiv" not in attributes
        if attributes.get("rel") == "alternate":
            assert (attributes.get("href") or "").startswith("/feeds/")
        elif tag in {"script", "img", "link"}:
            assert (attributes.get("src") or attributes.get("href") or "").startswith("/static/")
        if tag == "a":
            target = attributes.get("href") or ""
            assert re.match(r"/(?!/)|#|https?://[a-z]", target)
            assert target[0] != "h" or attributes["rel"] == "noopener noreferrer nofollow"
        assert tag != "form" or (attributes.get("action") or "/").startswith("/")
    assert sum(tag == "script" for tag, _ in page.tags) == len(SCRIPTS)
    return page


def test_untrusted_text_is_only_ever_text(site: Site) -> None:
    for number, payload in enumerate(PAYLOADS):
        source = Source(id=f"s{number}", name=payload, url="https://x.example/")
        article, story = store(
            site.database,
            Told(title=payload, lede=payload, sentence=f"Phrase {payload} fin.", trigger=payload, authors=(payload,),
                 source=source, origin=f"O {payload}", url=LINKS[number % len(LINKS)], rule=payload, cues=(payload,),
                 type="x_y", actor=payload, target=payload, extra=(payload,)),
        )  # fmt: skip
        with transaction(site.database):
            decision = Decision(watch_id=payload, kind=DecisionKind.NEW, reason=payload, detail=payload)
            alerts.record_decision(
                site.database, decision, article_id=article, revision_id=1, alert_id=None, rules_version="1", now=NOW
            )
        add_alert(site.database, story, article, name=f"x{number}", headline=payload)
        page = assert_harmless(site.get(f"/articles/{article}").body)
        assert page.words.count(payload) >= 6
        page = assert_harmless(site.get(f"/stories/{story}").body)
        assert payload in page.words
    with transaction(site.database):
        site.database.execute("UPDATE source SET enabled = 1, failures = 1, failure = 'dns', detail = name")
        site.database.execute("UPDATE delivery SET last_error = ?, recipient = ?", (PAYLOADS[0], PAYLOADS[1]))
    for path in ("/", "/alerts", "/sources"):
        page = assert_harmless(site.get(path).body)
        for payload in PAYLOADS:
            assert payload in page.words


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_an_address_says_is_only_ever_text(shared: Site, payload: str) -> None:
    wicked = quote(payload, safe="")
    for path in (f"/?q={wicked}", f"/?type={wicked}&pair={wicked}&x={wicked}&source={wicked}",
                 f"/alerts?before={wicked}", f"/?{wicked}=1", f"/{wicked}", f"/articles/{wicked}"):  # fmt: skip
        answer = shared.get(path)
        assert answer.status in {200, 400, 404}
        assert_harmless(answer.body)


def test_a_list_leads_to_all_that_it_tells(site: Site) -> None:
    watch = Watch(id="france-mali", name="F", channels=("mail",), quiet_hours=QuietHours(start=time(22), end=time(7)))
    outgoing = OutgoingSettings(routes={"mail": Route(channel_id="mail", recipients=("duty@example.org",))})
    settings = GatheringSettings(
        watches=(watch,), outgoing=outgoing, instance="i", public_url="https://vigie.example", language="fr"
    )
    night = datetime(2026, 11, 23, 23, tzinfo=UTC)
    with transaction(site.database):
        told = [raise_one(site.database, outgoing, watch, f"held {n}", now=night, severity=2) for n in range(60)]
        other = raise_one(site.database, outgoing, watch, "critical", now=night, severity=5)
        (batch,) = batches.due(site.database, NOW)
        close(site.database, settings, batch, NOW)
    page = site.get("/alerts").body
    (address,) = set(re.findall(r'href="(/alerts\?list=alr_[^"]+)"', page))
    first = site.get(address).body
    assert "60\N{NO-BREAK SPACE}alertes sur la nuit" in html.unescape(first)
    assert other.id not in first
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = site.get(html.unescape(following)).body
    shown = {what.id for what in told if f'id="{what.id}"' in first + second}
    assert shown == {what.id for what in told}
    assert site.get("/alerts?list=alr_nothing").status == 404
    for page_of in ("ack", "silence"):
        assert site.get(f"/alerts/{address.partition('=')[2]}/{page_of}").status == 200
