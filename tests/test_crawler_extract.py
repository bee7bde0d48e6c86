"""One article in the mark-up of many outlets: the same text and fields come out of each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract_page
from crawler.page import decode
from crawler.partial import MAX_EXTRACT
from storage.types import Article, CrawlFailure, FailureReason, FeedEntry

NOW = datetime(2025, 9, 19, 18, 0, tzinfo=UTC)
URL = "https://www.courrier-du-fleuve.example/monde/bamako-ferme-deux-postes.html"
TITLE = "Bamako ferme deux postes frontières"
LEDE = "La mesure, annoncée jeudi soir, prend effet à minuit et surprend les transporteurs de la région."
TEXT = (
    "Le gouvernement malien a annoncé jeudi la fermeture de deux postes frontières avec son voisin du nord, "
    "sans donner de date pour leur réouverture.",
    "« La décision prend effet à minuit », a précisé le porte-parole devant la presse réunie au palais.",
    "Une réponse attendue",
    "Les transporteurs disposent de trois jours pour faire rentrer leurs véhicules. Passé ce délai, les camions "
    "seront immobilisés sur place, a prévenu le ministère.",
    "« Nous n'avons pas été consultés. »",
    "Alger n'a pas réagi.",
)
HEAD = f"<meta charset='utf-8'><title>{TITLE} - Le Courrier du fleuve</title>"
DATE = datetime(2025, 9, 18, 19, 30, tzinfo=UTC)


def blocks(texts: tuple[str, ...] = TEXT) -> str:
    return "".join(f"<h2>{text}</h2>" if len(text) < 21 and text[0] == "U" else f"<p>{text}</p>" for text in texts)


LINKED_DATA = json.dumps(
    {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Le Courrier du fleuve"},
            {"@type": "Person", "@id": "#awa", "name": "Awa Diarra"},
            {
                "@type": ["NewsArticle"],
                "headline": TITLE,
                "datePublished": "2025-09-18T21:30:00+02:00",
                "dateModified": "2025-09-19T09:00:00+02:00",
                "author": [{"@id": "#awa"}],
            },
        ],
    }
)
PAGES = {
    "json-ld and article": f"""<!doctype html><html lang="fr-ML"><head>{HEAD}
        <meta property="og:title" content="Mali : la frontière se ferme">
        <meta name="description" content="Autre chose.">
        <script type="application/ld+json">/*<![CDATA[*/{LINKED_DATA}/*]]>*/</script></head><body>
        <header><nav><ul><li><a href="/">Accueil</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
        <main><article><h1>{TITLE}</h1><p class="article__chapo">{LEDE}</p>{blocks()}
        <div class="newsletter-box"><p>Recevez notre lettre chaque matin dans votre boîte.</p></div>
        <p>Lire aussi : <a href="/x">Le fleuve déborde à Mopti</a></p><p>(afp)</p></article></main>
        <aside><h3>Les plus lus</h3><ul><li><a href="/y">Un autre titre</a></li></ul></aside>
        <footer><p>Tous droits réservés, toute reproduction est interdite sans accord.</p></footer></body></html>""",
    "wordpress": f"""<html lang="en-US"><head>{HEAD}
        <meta property="article:published_time" content="2025-09-18T19:30:00+00:00">
        <meta name="author" content="Awa Diarra"></head><body class="single-post has-comments">
        <div id="cookie-notice" role="dialog"><p>Nous utilisons des traceurs pour mesurer notre audience.</p>
        <p>Vous pouvez changer d'avis à tout moment dans les réglages de cette page.</p></div>
        <div class="td-container"><h1 class="entry-title">{TITLE}</h1><div class="td-post-sub-title">{LEDE}</div>
        <div class="sharedaddy"><p>Partager sur Facebook</p></div>
        <div class="td-post-content tagdiv-type">{blocks()}<p>La suite après cette publicité</p><p>(AFP)</p></div>
        <div id="comments"><h3>12 commentaires</h3><p>Bravo pour cet article, continuez ainsi mes amis.</p></div>
        </div></body></html>""",
    "spip": f"""<html><head>{HEAD}</head><body><div id="page"><div id="contenu">
        <h1 class="crayon article-titre-77">{TITLE}</h1>
        <p class="info-publi">Publié le <time datetime="2025-09-18T19:30:00Z">18 septembre</time></p>
        <p class="auteur">Par Awa Diarra</p>
        <div class="crayon article-chapo-77 chapo"><p>{LEDE}</p></div>
        <div class="crayon article-texte-77 texte">{blocks()}<p>Avec AFP</p></div></div>
        <div id="navigation"><div class="menu"><ul><li><a href="#">Rubrique</a></li></ul></div>
        </div></div></body></html>""",
    "microdata": f"""<html lang="fr"><head>{HEAD}</head><body><div itemscope itemtype="https://schema.org/NewsArticle">
        <h1 itemprop="headline">{TITLE}</h1><h2 class="standfirst">{LEDE}</h2>
        <meta itemprop="datePublished" content="2025-09-18T19:30:00Z"><span itemprop="author">Awa Diarra</span>
        <figure><img src="a.jpg"><figcaption>Un poste de contrôle, en janvier dernier. Archives</figcaption></figure>
        <div itemprop="articleBody">{blocks()}</div><p class="credit">(afp)</p></div></body></html>""",
    "old table": f"""<html><head>{HEAD}<meta name="date" content="Thu, 18 Sep 2025 19:30:00 GMT">
        <meta name="author" content="Awa Diarra"></head><body>
        <table width="900"><tr><td><a href="/">Accueil</a> | <a href="/sport">Sport</a></td></tr>
        <tr><td><h1>{TITLE}</h1><p class="chapeau">{LEDE}</p>{blocks()}<p>AFP</p></td></tr></table></body></html>""",
}


def extract(page: str | bytes, **more: object) -> Article | CrawlFailure:
    body = page.encode() if isinstance(page, str) else page
    arguments = {"url": URL, "source_id": "courrier", "fetched_at": NOW} | more
    return extract_page(body, **arguments)  # type: ignore[arg-type]


def article(page: str | bytes, **more: object) -> Article:
    found = extract(page, **more)
    assert isinstance(found, Article), found
    return found


def reason(page: str | bytes, **more: object) -> FailureReason:
    found = extract(page, **more)
    assert isinstance(found, CrawlFailure), found
    assert found.detail
    return found.reason


@pytest.mark.parametrize("name", PAGES)
def test_every_markup_gives_the_same_article(name: str) -> None:
    found = article(PAGES[name])
    assert found.title == TITLE
    assert found.lede == LEDE
    assert found.paragraphs == TEXT
    assert found.authors == ("Awa Diarra",)
    assert found.published_at == DATE
    assert found.language == "fr"
    assert found.agency == "AFP"
    assert not found.partial


def test_extraction_is_deterministic() -> None:
    assert len({article(page) for page in [PAGES["wordpress"]] * 5}) == 1


@pytest.mark.parametrize("wrap", ["<article>{}</article>", "{}", "<div>{}</div>", "<main><div>{}</div></main>"])
def test_plain_page_comes_out_complete(wrap: str) -> None:
    page = (
        f"<html><head><title>T</title></head><body>{wrap.format(f'<h1>T</h1>{blocks()}<p>(afp/ats)</p>')}</body></html>"
    )
    found = article(page)
    assert (found.title, found.paragraphs, found.lede, found.agency) == ("T", TEXT, "", "AFP/Keystone-ATS")


def test_short_page_comes_out_complete() -> None:
    page = (
        "<html><head><title>T</title></head><body><h1>T</h1><p>Un texte assez court mais entier.</p><p>Il compte.</p>"
    )
    assert article(page + "<p>« Oui. »</p>").paragraphs == (
        "Un texte assez court mais entier.",
        "Il compte.",
        "« Oui. »",
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([*TEXT[:2], *TEXT[3:], "Oui.", "« Non ! »", "Deux : trois."]), min_size=2, unique=True))
def test_any_order_of_paragraphs_comes_out_in_that_order(texts: list[str]) -> None:
    texts = [TEXT[0], *(text for text in texts if text != TEXT[0])]
    page = f"<html><head><title>Un titre</title></head><body><article><h1>Un titre</h1>{blocks(tuple(texts))}</article>"
    assert list(article(page).paragraphs) == texts


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2000))
def test_damaged_page_gives_an_article_or_a_reason(junk: bytes, position: int) -> None:
    whole = PAGES["microdata"].encode()
    found = extract(whole[:position] + junk + whole[position:])
    if isinstance(found, Article):
        found.text.encode("utf-8")
        assert found.title


@pytest.mark.parametrize("tag", ["strong", "em", "b"])
def test_opening_paragraph_in_bold_is_the_standfirst(tag: str) -> None:
    found = article(
        f"<html><head>{HEAD}</head><body><h1>{TITLE}</h1><p><{tag}>{LEDE}</{tag}></p>{blocks()}</body></html>"
    )
    assert (found.lede, found.paragraphs) == (LEDE, TEXT)


def test_paragraph_that_only_starts_in_bold_is_text() -> None:
    found = article(
        f"<html><head>{HEAD}</head><body><h1>{TITLE}</h1><p><b>Bamako.</b> {LEDE}</p>{blocks()}</body></html>"
    )
    assert (found.lede, found.paragraphs) == ("", (f"Bamako. {LEDE}", *TEXT))


def test_name_of_the_author_under_the_text_is_no_text() -> None:
    page = f"<html><head>{HEAD}<meta name='author' content='Awa Diarra'></head><body><h1>{TITLE}</h1>{blocks()}"
    found = article(f"{page}<p><strong>Awa Diarra</strong></p><p>(La Voix du Fleuve)</p></body></html>")
    assert (found.paragraphs, found.authors, found.agency) == (TEXT, ("Awa Diarra",), "La Voix du Fleuve")


BOXES = {
    "teasers": "<div class='x'>"
    + "<div><a href='/a'><h3>Un autre titre</h3></a><p>Son résumé en une ligne.</p></div>" * 3,
    "link list": "<h3>Sur le même sujet</h3><ul><li><a href='/a'>Un autre titre</a></li></ul>",
    "linked line": "<p><a href='/a'>Un tout autre article du même journal</a></p>",
    "arrow": "<p>► <a href='/a'>Un tout autre article du même journal</a></p>",
    "prompt": "<p>La lecture des articles est réservée aux abonné·es. Se connecter</p>",
    "poll": "<div class='su-poll'><p>Faut-il une seconde voie ?</p></div>",
    "subhead of nothing": "<h2>Commentaires</h2>",
}


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("place", ["inside", "outside"])
def test_what_is_no_article_text_is_left_out(box: str, place: str) -> None:
    inside, outside = (BOXES[box], "") if place == "inside" else ("", BOXES[box])
    text = f"<div><h1>{TITLE}</h1><div>{blocks()}{inside}</div></div>{outside}"
    page = f"<html><head>{HEAD}</head><body>{text}</body></html>"
    assert article(page).paragraphs == TEXT


def test_link_inside_a_paragraph_that_leads_elsewhere_goes_alone() -> None:
    link = "<a href='/a'><span>À LIRE AUSSI</span><strong>Le fleuve déborde</strong></a>"
    page = f"<html><head>{HEAD}</head><body><h1>{TITLE}</h1>{blocks(TEXT[:5])}<p>{link}{TEXT[5]}</p></body></html>"
    assert article(page).paragraphs == TEXT


def test_text_cut_in_two_by_an_advertisement_is_one() -> None:
    first, second = (f"<div class='part'>{blocks(part)}</div>" for part in (TEXT[:2], TEXT[2:]))
    halves = f"{first}<div class='ad-slot'>Pub</div>{second}"
    page = f"<html><head>{HEAD}</head><body><main><h1>{TITLE}</h1><div>{halves}</div></main></body></html>"
    assert article(page).paragraphs == TEXT


def test_article_inside_a_navigation_or_a_form_is_found() -> None:
    for tag in ("nav", "form", "aside"):
        page = f"<html><head>{HEAD}</head><body><{tag}><h1>{TITLE}</h1>{blocks()}</{tag}></body></html>"
        assert article(page).paragraphs == TEXT


def test_date_of_the_last_change_is_kept_apart() -> None:
    found = article(PAGES["json-ld and article"])
    assert found.modified_at == datetime(2025, 9, 19, 7, 0, tzinfo=UTC)
    assert found.published_at == DATE


def test_teaser_of_another_article_under_the_text_is_no_standfirst() -> None:
    teaser = f"<article><h3><a href='/a'>Le mil</a></h3><div class='post__excerpt'><p>{LEDE}</p></div></article>"
    prose = TEXT[0], TEXT[1], TEXT[3], f"{TEXT[3]} Ils attendent."
    page = (
        f"<html><head>{HEAD}</head><body><main><h1>{TITLE}</h1><div>{blocks(prose)}</div></main>{teaser}</body></html>"
    )
    assert (article(page).lede, article(page).paragraphs) == ("", prose)


def test_pull_quote_is_not_printed_twice() -> None:
    quote = (
        "<blockquote class='pullquote'><p>La décision prend effet à minuit</p><cite>Le porte-parole</cite></blockquote>"
    )
    page = f"<html><head>{HEAD}</head><body><h1>{TITLE}</h1><div>{blocks(TEXT[:4])}{quote}{blocks(TEXT[4:])}</div>"
    assert article(page).paragraphs == TEXT


def test_page_of_line_breaks_under_a_heading_that_prints_the_site() -> None:
    body = (
        f"<h1>Le Courrier du fleuve</h1><table><tr><td><a href='/'>Accueil</a></td><td><h2>{TITLE}</h2>"
        "<small>Publié le 12 mars 2025 à 14 h 05 - Mis à jour le 12 mars 2025 à 18 h 20</small><br>"
        f"<i>Par Awa DIARRA (avec AFP)</i><br><br>{'<br><br>'.join(TEXT)}</td></tr></table>"
    )
    found = article(f"<html><head>{HEAD}</head><body>{body}</body></html>")
    assert (found.title, found.authors, found.agency) == (TITLE, ("Awa DIARRA",), "AFP")
    assert found.paragraphs == TEXT
    assert found.published_at == datetime(2025, 3, 12, 14, 5, tzinfo=UTC)


def test_page_of_a_film_has_the_date_of_its_upload() -> None:
    film = {"@type": "VideoObject", "name": f"VIDÉO. {TITLE}", "uploadDate": "2025-09-18T21:30:00+02:00"}
    body = f"<h1>VIDÉO. {TITLE}</h1><p>Publié le 18/09/2025 à 21:30</p><div>{blocks()}</div>"
    for name, expected in ((film["name"], DATE), ("Un autre film du jour", DATE + timedelta(hours=2))):
        script = f"<script type='application/ld+json'>{json.dumps({**film, 'name': name})}</script>"
        found = article(f"<html><head>{HEAD}{script}</head><body>{body}</body></html>")
        assert (found.title, found.published_at) == (f"VIDÉO. {TITLE}", expected)


# --- headline ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Le titre du jour | Le Journal</title>", "<h1>Le titre du jour</h1>", "Le titre du jour"),
        ("<title>Le titre du jour - Le Journal</title>", "", "Le titre du jour"),
        ("<meta property='og:title' content='Le titre social'>", "", "Le titre social"),
        ("<title>Le vrai titre</title>", "<h1>Le Journal</h1><h1>Le vrai titre</h1>", "Le vrai titre"),
        ("<title>Mali – Niger : la frontière</title>", "", "Mali – Niger : la frontière"),
        (
            "<title>Le fleuve déborde à Mopti</title>",
            "<h1><span class='surtitle'>Crue</span> Le fleuve déborde à Mopti</h1>",
            "Le fleuve déborde à Mopti",
        ),
        (
            "<meta property='og:title' content='Mali : crue'><title>Crue</title>",
            "<h1><span class='label'>Abonnés</span> Le fleuve en crue déborde au Mali</h1>",
            "Le fleuve en crue déborde au Mali",
        ),
        (
            "<title>Matin: Le fleuve déborde à Mopti</title>",
            "<h1><a href='/'>Matin</a></h1><h3 class='post-title entry-title'>Le fleuve déborde à Mopti</h3>",
            "Le fleuve déborde à Mopti",
        ),
        (
            "<title>Le fleuve déborde à Mopti -- Matin</title>",
            "<h1>Matin</h1><h1>Matin</h1>",
            "Le fleuve déborde à Mopti",
        ),
        ("<title>A</title>", "<h1>  Deux\n lignes &amp; <em>une</em> idée</h1>", "Deux lignes & une idée"),
    ],
)
def test_headline_is_the_printed_one(head: str, body: str, title: str) -> None:
    assert article(f"<html><head>{head}</head><body>{body}{blocks()}</body></html>").title == title


# --- date --------------------------------------------------------------------------------------------


def dated(head: str = "", body: str = "", entry: datetime | None = None) -> datetime | None:
    feed = FeedEntry(url=URL, title=TITLE, published_at=entry)
    page = f"<html><head>{HEAD}{head}</head><body><article><h1>{TITLE}</h1>{body}{blocks()}</article></body></html>"
    return article(page, entry=feed).published_at


def linked(date: str | int) -> str:
    data = json.dumps({"@type": "NewsArticle", "headline": "x", "datePublished": date})
    return f'<script type="application/ld+json">{data}</script>'


def test_page_is_believed_before_the_feed_and_json_ld_before_meta() -> None:
    meta = "<meta property='article:published_time' content='2025-09-10T10:00:00Z'>"
    feed = datetime(2025, 9, 11, tzinfo=UTC)
    assert dated(linked("2025-09-18T21:30:00+02:00") + meta, entry=feed) == DATE
    assert dated(meta, entry=feed) == datetime(2025, 9, 10, 10, tzinfo=UTC)
    assert dated(entry=feed) == feed
    assert dated() is None


def test_day_is_refined_by_a_later_source_of_the_same_day_only() -> None:
    day = linked("2025-09-18")
    assert dated(day, "<time datetime='2025-09-18T19:30:00Z'>x</time>") == DATE
    assert dated(day, "<time datetime='2024-01-01T19:30:00Z'>x</time>") == datetime(2025, 9, 18, tzinfo=UTC)
    assert dated(day, entry=DATE) == DATE


def test_time_without_zone_is_the_feeds_time_in_local_clothes() -> None:
    assert dated(linked("2025-09-18T21:30:00"), entry=DATE) == DATE
    assert dated(linked("2025-09-18T21:30:00")) == datetime(2025, 9, 18, 21, 30, tzinfo=UTC)


def test_moment_told_with_its_zone_elsewhere_decides() -> None:
    local = linked("2025-09-18T21:30:00")
    assert dated(local + "<meta property='article:published_time' content='2025-09-18T21:30:00+02:00'>") == DATE
    # Another clock time is another event.
    unlike = "<meta property='article:published_time' content='2025-09-18T20:07:00+02:00'>"
    assert dated(local + unlike) == datetime(2025, 9, 18, 21, 30, tzinfo=UTC)


def test_seconds_and_milliseconds_since_1970_are_dates() -> None:
    assert dated(linked(int(DATE.timestamp()))) == DATE
    assert dated(linked(int(DATE.timestamp()) * 1000)) == DATE
    assert dated(linked(7)) is None


def test_time_marked_as_the_last_change_does_not_come_first() -> None:
    changed = "<time class='updated' datetime='2025-09-20T08:00:00Z'>x</time>"
    assert dated(body=f"{changed}<time class='entry-date published' datetime='2025-09-18T19:30:00Z'>x</time>") == DATE
    assert dated(body="<time class='published updated' datetime='2025-09-18T19:30:00Z'>x</time>") == DATE


def test_printed_date_counts_where_no_machine_is_told_one() -> None:
    assert dated(body="<p>Publié le jeudi 18 septembre 2025 à 19h30</p>") == DATE
    assert dated(
        body="<div><time datetime='2025-09-19T08:00:00Z'>Publié le 10 septembre 2025</time></div>"
    ) == datetime(2025, 9, 10, tzinfo=UTC)
    assert dated(body="<abbr class='published' title='2025-09-18T19:30:00Z'>19:30</abbr>") == DATE


@pytest.mark.parametrize("date", ["2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "31 Feb 2025", "hier", "", "[]"])
def test_date_that_cannot_be_is_not_believed(date: str) -> None:
    assert dated(linked(date), entry=DATE) == DATE


# --- authors, agency, address, language --------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "names", "agency"),
    [
        ('"Awa Diarra"', ("Awa Diarra",), None),
        ('{"@type": "Person", "name": "Par Awa Diarra"}', ("Awa Diarra",), None),
        ('[{"name": "Awa Diarra"}, {"name": "Jean Petit"}]', ("Awa Diarra", "Jean Petit"), None),
        ('{"name": "Awa Diarra et Jean Petit"}', ("Awa Diarra", "Jean Petit"), None),
        ('{"name": "Awa Diarra avec AFP"}', ("Awa Diarra",), "AFP"),
        ('{"name": "Le Courrier avec AFP"}', (), "AFP"),
        ('{"@type": "Person", "name": "AFP"}', (), "AFP"),
        ('{"name": ["Awa Diarra"]}', ("Awa Diarra",), None),
        ('{"name": "La rédaction"}', (), None),
        ('{"name": {"x": 1}}', (), None),
        ("[[[1]], null, 7]", (), None),
        ('{"@type": "Organization", "name": "Quotidien des Rives avec AFP"}', (), "AFP"),
    ],
)
def test_people_are_told_from_agencies_and_outlets(author: str, names: tuple[str, ...], agency: str | None) -> None:
    data = f'{{"@type": "NewsArticle", "publisher": {{"name": "Le Courrier"}}, "author": {author}}}'
    page = (
        f"<html><head>{HEAD}<script type='application/ld+json'>{data}</script></head><body><h1>{TITLE}</h1>{blocks()}"
    )
    found = article(page)
    assert (found.authors, found.agency) == (names, agency)


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        ("https://courrier-du-fleuve.example/monde/bamako.html", True),
        ("https://m.courrier-du-fleuve.example/monde/bamako.html", True),
        ("https://autre.example/monde/bamako.html", False),
        ("/monde/bamako.html", False),
        ("https://www.courrier-du-fleuve.example/", False),
        ("javascript:alert(1)", False),
        ("https://user:x@www.courrier-du-fleuve.example/a", False),
    ],
)
def test_canonical_address_is_of_the_same_site(href: str, kept: bool) -> None:
    page = f"<html><head>{HEAD}<link rel='canonical' href='{href}'></head><body><h1>{TITLE}</h1>{blocks()}"
    assert article(page).canonical_url == (href if kept else None)


def test_declared_language_counts_until_a_long_text_says_otherwise() -> None:
    short = "<p>Alger n'a pas encore réagi à cette annonce, ni à la précédente.</p>"
    page = "<html lang='{}'><head><title>T</title></head><body><h1>T</h1>{}</body></html>"
    assert article(page.format("de-CH", short)).language == "de"
    assert article(page.format("en-US", blocks())).language == "fr"
    assert article(page.format("", blocks()), language="fr").language == "fr"


# --- text that is partial, reserved or absent ---------------------------------------------------------


def test_reserved_text_is_cut_to_an_extract() -> None:
    found = article(PAGES["wordpress"], full_text=False)
    assert found.title == TITLE
    assert len(found.text) <= MAX_EXTRACT
    assert found.text.startswith(LEDE)
    assert found.text.endswith("…")


ENTRY = FeedEntry(
    url=URL, title="Le titre du fil", summary="Le résumé du fil.", published_at=DATE, authors=("Awa Diarra",)
)


def test_feed_stands_in_for_a_page_without_text() -> None:
    found = article("<html lang='fr'><body><div id='app'></div></body></html>", entry=ENTRY)
    assert (found.title, found.paragraphs, found.partial) == (ENTRY.title, (ENTRY.summary,), True)
    assert (found.published_at, found.authors) == (DATE, ("Awa Diarra",))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"", FailureReason.NO_TEXT),
        (b"  \n", FailureReason.NO_TEXT),
        (b"%PDF-1.7", FailureReason.NOT_HTML),
        (b"\x89PNG\r\n", FailureReason.NOT_HTML),
        (b'{"a": 1}', FailureReason.NOT_HTML),
        (b"<html><head><title>T</title></head><body><h1>T</h1></body></html>", FailureReason.NO_TEXT),
        (b"<html><body>" + b"<p>Un paragraphe sans titre, mais assez long.</p>" * 3, FailureReason.NO_TITLE),
    ],
)
def test_page_without_an_article_is_named(page: bytes, expected: FailureReason) -> None:
    assert reason(page) is expected


# --- bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        ("utf-8", None),
        ("utf-8", "iso-8859-1"),
        ("cp1252", None),
        ("cp1252", "windows-1252"),
        ("utf-8-sig", None),
        ("utf-16", None),
    ],
)
def test_encoding_is_found_even_when_declared_wrongly(codec: str, declared: str | None) -> None:
    assert decode("Été à Ségou : « l’été »".encode(codec), declared) == "Été à Ségou : « l’été »"


def test_page_may_declare_its_own_encoding() -> None:
    text = "<meta charset='iso-8859-2'>Łódź"
    assert decode(text.encode("iso-8859-2")) == text
    assert decode("Łódź".encode("iso-8859-2"), "iso-8859-2") == "Łódź"


@pytest.mark.parametrize("name", ["", "x-unknown", "base64", "zlib", "utf-7", "\ud800", "a" * 1000])
def test_strange_encoding_names_are_harmless(name: str) -> None:
    assert "t" in decode(b"\xe9t\xe9", name)


def test_times_of_other_zones_are_stored_in_utc() -> None:
    local = datetime(2025, 9, 19, 20, 0, tzinfo=timezone(timedelta(hours=2)))
    assert article(PAGES["spip"], fetched_at=local).fetched_at.tzinfo is UTC
