"""Walls in place of articles are named and never read as news; articles about such things are articles."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import wallphrases
from crawler.extract import Reading, read_page
from crawler.walls import challenge, diverted
from storage.types import FailureReason, FeedEntry

NOW = datetime(2025, 9, 19, 18, 0, tzinfo=UTC)
URL = "https://www.courrier.example/monde/bamako-ferme-deux-postes.html"
ENTRY = FeedEntry(
    url=URL,
    title="Bamako ferme deux postes frontières",
    summary="La mesure, annoncée jeudi soir par le ministère, prend effet à minuit pour tous les véhicules.",
    published_at=NOW,
)
TEXT = "".join(
    f"<p>Le gouvernement a annoncé jeudi la fermeture du poste numéro {number}, sans donner de date pour sa "
    "réouverture ni dire ce qu'il adviendra des camions déjà engagés sur la route du nord.</p>"
    for number in range(12)
)


def read(page: str | bytes, *, url: str = URL, entry: FeedEntry | None = ENTRY, **more: object) -> Reading:
    body = page.encode() if isinstance(page, str) else page
    arguments = {"url": url, "source_id": "courrier", "fetched_at": NOW, "language": "fr", "asked": URL} | more
    return read_page(body, entry=entry, **arguments)  # type: ignore[arg-type]


def page(title: str, body: str, head: str = "") -> str:
    meta = f"<meta charset='utf-8'><title>{title}</title>{head}"
    return f"<!doctype html><html lang='fr'><head>{meta}</head><body>{body}</body></html>"


CONSENT = """<div class="main"><h1>Votre vie privée nous importe</h1>
<p>Nous et nos 842 partenaires utilisons des cookies pour stocker des informations sur votre appareil.</p>
<p>Vous pouvez à tout moment retirer votre consentement ou vous opposer à l'intérêt légitime dans notre page.</p>
<p>Pour en savoir plus, lisez notre politique de confidentialité et celle sur vos données personnelles.</p>
<button>Tout accepter</button> <a href="#">Continuer sans accepter</a> <a href="#">Paramétrer vos choix</a></div>"""
TEASERS = "".join(
    f"<div><h3><a href='/a{n}'>Titre d'une information {n}</a></h3><p>Résumé {n}.</p></div>" for n in range(15)
)

WALLS = {
    "cloudflare": (
        page("Just a moment...", "<div id='c'></div><script>window._cf_chl_opt={cvId:'3'};</script>"),
        FailureReason.CHALLENGE,
    ),
    "datadome": (
        page(
            "courrier.example",
            "<p>Please enable JS and disable any ad blocker</p><script src='https://ct.captcha-delivery.com/c.js'></script>",
        ),
        FailureReason.CHALLENGE,
    ),
    "french check": (
        page("Vérification", "<p>Vérification de sécurité en cours, merci de patienter.</p>"),
        FailureReason.CHALLENGE,
    ),
    "consent dialog": (page("Le Courrier", CONSENT), FailureReason.CONSENT),
    "consent box": (page("Le Courrier", CONSENT.replace("main", "cookie-consent")), FailureReason.CONSENT),
    "consent dialog of buttons": (
        page(
            "Le Courrier",
            "<h1>Nous respectons votre vie privée</h1><p>Avec votre accord, nos 834 partenaires et nous utilisons"
            " des cookies pour stocker des informations comme votre visite sur ce site.</p><p>Vous pouvez retirer votre"
            " consentement à tout moment.</p><button>Tout accepter</button><button>Continuer sans accepter</button>",
        ),
        FailureReason.CONSENT,
    ),
    "not found": (
        page(
            "Page introuvable | Le Courrier",
            "<h1>Page introuvable</h1><p>La page que vous cherchez n'existe pas ou plus sur notre site.</p>",
        ),
        FailureReason.SOFT_404,
    ),
    "404": (
        page(
            "Erreur 404",
            f"<h1>Oups !</h1><p>Cette page est partie en reportage. Voici nos derniers titres.</p>{TEASERS}",
        ),
        FailureReason.SOFT_404,
    ),
    "maintenance": (
        page(
            "Site en maintenance",
            "<h1>Nous revenons très vite</h1><p>Le site est actuellement en maintenance, merci de votre patience.</p>",
        ),
        FailureReason.SOFT_404,
    ),
    "login": (
        page(
            "Connexion - Le Courrier",
            "<h1>Connexion</h1><form><input name='u'><input type='password'></form><p>Connectez-vous pour lire.</p>",
        ),
        FailureReason.SOFT_404,
    ),
    "section": (page("Monde - Le Courrier", f"<h1>Monde</h1>{TEASERS}"), FailureReason.NOT_ARTICLE),
    "navigation": (page("Le Courrier", "<nav><ul><li><a href='/a'>Monde</a></li></ul></nav>"), FailureReason.NO_TEXT),
    "other language": (
        page(
            "Border posts close",
            "<article><h1>Border posts close</h1>"
            "<p>The government announced on Thursday that two border posts in the north would be closed.</p>"
            "<p>Truck drivers were given three days to bring their vehicles home, the ministry said.</p>"
            "<p>Nobody was able to say when the posts would open again, and traders fear for their stocks.</p>"
            "<p>The closure, the second in a year, came as a surprise to many in the capital.</p></article>",
        ),
        FailureReason.NOT_ARTICLE,
    ),
}


@pytest.mark.parametrize("name", WALLS)
def test_wall_is_named_and_the_entry_stands_in(name: str) -> None:
    markup, reason = WALLS[name]
    reading = read(markup)
    assert reading.failure is not None
    assert reading.failure.reason is reason
    assert len(reading.failure.detail) > 20
    article = reading.article
    assert article is not None
    assert (article.title, article.paragraphs, article.lede) == (ENTRY.title, (ENTRY.summary,), "")
    assert (article.partial, article.failure, article.language) == (True, reason, "fr")
    assert not reading.from_page


@pytest.mark.parametrize("name", WALLS)
def test_wall_without_an_entry_gives_nothing_to_read(name: str) -> None:
    if name != "other language":
        reading = read(WALLS[name][0], entry=None)
        assert reading.article is None
        assert reading.failure is not None


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (
            "Cookies : la Cnil sanctionne un géant",
            "<p>Tout accepter ou continuer sans accepter : la Cnil veut un vrai choix.</p>",
        ),
        ("Erreur 404 : histoire d'un message", ""),
        (
            "Panne géante : des services en maintenance",
            "<p>Le site est actuellement en maintenance, a dit l'opérateur.</p>",
        ),
        ("Un robot à Bamako", "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"),
        ("La connexion des îles", "<form><input type='password'></form>"),
        ("Le journal passe au tout-abonnés", "<p>La suite est réservée à ceux qui paient, dit le directeur.</p>"),
    ],
)
def test_article_about_walls_is_an_article(title: str, body: str) -> None:
    reading = read(page(title, f"<article><h1>{title}</h1>{body}{TEXT}</article>"))
    assert reading.failure is None
    assert reading.article is not None
    assert not reading.article.partial
    assert reading.article.title == title


# --- subscriptions -----------------------------------------------------------------------------------


def linked(free: object, **more: object) -> str:
    data = {"@type": "NewsArticle", "headline": ENTRY.title, "isAccessibleForFree": free} | more
    return f"<script type='application/ld+json'>{json.dumps(data)}</script>"


TEASER = (
    "<p class='chapo'>Les transporteurs ont trois jours pour rentrer.</p>"
    "<p>Le gouvernement a annoncé jeudi la fermeture de deux postes frontières avec son voisin du nord.</p>"
)


@pytest.mark.parametrize(
    ("head", "prompt"),
    [
        (linked(False), ""),
        (linked("False"), "<p>Déjà abonné ? Se connecter</p>"),
        (linked("http://schema.org/False"), ""),
        ("", "<p>Il vous reste 71.4% de cet article à lire. La suite est réservée aux abonnés.</p>"),
        ("", "<div class='paywall'><p>Cet article est réservé aux abonnés.</p></div>"),
    ],
)
def test_teaser_of_a_subscribers_article_is_partial_and_keeps_what_is_shown(head: str, prompt: str) -> None:
    reading = read(page(ENTRY.title, f"<article><h1>{ENTRY.title}</h1>{TEASER}{prompt}</article>", head))
    assert reading.failure is not None
    assert reading.failure.reason is FailureReason.PAYWALL
    article = reading.article
    assert article is not None
    assert (article.partial, article.failure) == (True, FailureReason.PAYWALL)
    assert article.lede == "Les transporteurs ont trois jours pour rentrer."
    assert article.paragraphs[0] == ENTRY.summary
    assert article.paragraphs[1].startswith("Le gouvernement a annoncé")
    assert len(article.paragraphs) == 2
    assert reading.from_page


@pytest.mark.parametrize("head", [linked(True), linked(False), ""])
def test_article_shown_whole_is_whole_whatever_its_mark_up_says(head: str) -> None:
    reading = read(page(ENTRY.title, f"<article><h1>{ENTRY.title}</h1>{TEXT}</article>", head))
    assert reading.failure is None


def test_article_cut_far_below_its_stated_length_is_partial() -> None:
    head = linked(False, wordCount=2000)
    reading = read(page(ENTRY.title, f"<article><h1>{ENTRY.title}</h1>{TEXT}</article>", head))
    assert reading.failure is not None
    assert reading.failure.reason is FailureReason.PAYWALL


# --- answers and redirects -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, (("cf-mitigated", "challenge"),), b""),
        (202, (("x-amzn-waf-action", "challenge"),), b""),
        (403, (), b"<html><script src='https://geo.captcha-delivery.com/captcha/'></script>"),
        (403, (), b"<html><head><title>Access Denied</title></head><body>Reference #18.2f</body></html>"),
        (503, (), b"<title>Un instant\xe2\x80\xa6</title>"),
        (429, (), b"<html><body>We have detected unusual traffic from your network</body></html>"),
    ],
)
def test_bot_check_is_known_under_any_status(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    failure = challenge(status, headers, body, URL)
    assert failure is not None
    assert (failure.reason, failure.status) == (FailureReason.CHALLENGE, status)


def test_plain_refusal_is_no_bot_check() -> None:
    assert challenge(403, (("server", "cloudflare"),), b"<h1>403 Forbidden</h1>", URL) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://consent.courrier.example/v2/collect?session=1", FailureReason.CONSENT),
        ("https://www.courrier.example/consent?back=/monde", FailureReason.CONSENT),
        ("https://www.courrier.example/login?next=/monde", FailureReason.SOFT_404),
        ("https://compte.courrier.example/connexion", FailureReason.SOFT_404),
        ("https://www.courrier.example/", FailureReason.SOFT_404),
        ("https://courrier.example/monde/", FailureReason.SOFT_404),
        ("https://www.courrier.example/404.html", FailureReason.SOFT_404),
        (URL, None),
        (URL + "?utm_source=rss", None),
        ("https://m.courrier.example/monde/bamako-ferme-deux-postes.html", None),
        ("https://www.courrier.example/monde/mali/bamako-ferme-deux-postes_12.html", None),
    ],
)
def test_redirect_to_a_gate_or_a_front_page_is_named(url: str, reason: FailureReason | None) -> None:
    failure = diverted(URL, url)
    assert (failure.reason if failure else None) is reason


def test_page_behind_such_a_redirect_is_not_read() -> None:
    reading = read(page("Accueil", f"<h1>Accueil</h1>{TEXT}"), url="https://www.courrier.example/")
    assert reading.failure is not None
    assert reading.failure.reason is FailureReason.SOFT_404
    assert reading.article is not None
    assert reading.article.url == URL


@given(st.binary(max_size=600), st.sampled_from([200, 202, 403, 503]))
def test_any_answer_is_judged(body: bytes, status: int) -> None:
    challenge(status, (), body, URL)


@given(st.text(max_size=60))
def test_any_redirect_is_judged(path: str) -> None:
    diverted(URL, f"https://www.courrier.example/{path}")


@pytest.mark.parametrize("pattern", [*wallphrases.CONSENT, *wallphrases.REST_FOR_SUBSCRIBERS])
def test_what_is_searched_in_lower_case_is_written_so(pattern: str) -> None:
    assert pattern == pattern.lower()
