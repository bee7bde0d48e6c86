"""How a source is doing, the network and the canary, in sentences: French and English.

French is set as in :mod:`alerts.wording`. Every sentence is built from values, so that each reader gets it in
their own language, on the page as in a mail.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts import wording
from alerts.settings import Language
from alerts.text import clean_line, shorten
from storage.types import Cause, Drift, FailureReason, Health, HealthState, Network

_FINE = "\u202f"
_NBSP = "\u00a0"
_ADDRESS = 200

_STATES: dict[Language, dict[HealthState, str]] = {
    "fr": {
        HealthState.NEW: "jamais lue",
        HealthState.FRESH: "à jour",
        HealthState.QUIET: "calme",
        HealthState.SILENT: "silencieuse",
        HealthState.WALLED: "derrière un mur",
        HealthState.BROKEN_FEED: "flux cassé",
        HealthState.MOVED: "déménagée",
        HealthState.ROBOTS: "interdite par robots.txt",
        HealthState.NETWORK: "réseau coupé",
        HealthState.FAILING: "en panne",
        HealthState.GONE: "disparue",
        HealthState.DRIFTING: "à la dérive",
    },
    "en": {
        HealthState.NEW: "never read",
        HealthState.FRESH: "up to date",
        HealthState.QUIET: "quiet",
        HealthState.SILENT: "silent",
        HealthState.WALLED: "walled off",
        HealthState.BROKEN_FEED: "broken feed",
        HealthState.MOVED: "moved",
        HealthState.ROBOTS: "forbidden by robots.txt",
        HealthState.NETWORK: "network down",
        HealthState.FAILING: "failing",
        HealthState.GONE: "gone",
        HealthState.DRIFTING: "drifting",
    },
}
_ADVICE: dict[Language, dict[HealthState, str]] = {
    "fr": {
        HealthState.SILENT: "Ouvrez son site : s’il publie, son flux a changé d’adresse ; donnez la nouvelle.",
        HealthState.WALLED: (
            "Ses articles sont gardés d’après le titre et le résumé du flux. Demandez l’accès à l’éditeur, ou "
            "suivez une autre source."
        ),
        HealthState.BROKEN_FEED: "Cherchez sur son site l’adresse de son flux et donnez-la dans la configuration.",
        HealthState.MOVED: "Remplacez l’adresse dans la configuration, si la nouvelle est bien celle de l’éditeur.",
        HealthState.ROBOTS: "Vigie respecte cette règle. Demandez l’autorisation à l’éditeur, ou retirez la source.",
        HealthState.FAILING: "Vigie réessaie toute seule. Si cela dure, ouvrez son site pour voir s’il répond.",
        HealthState.GONE: "Cherchez sur son site l’adresse qui remplace celle-ci.",
        HealthState.DRIFTING: "Comparez un article récent avec sa page : le site a sans doute changé de mise en page.",
    },
    "en": {
        HealthState.SILENT: "Open its site: if it publishes, its feed has moved; give the new address.",
        HealthState.WALLED: (
            "Its articles are kept by the title and summary of the feed. Ask the publisher for access, or follow "
            "another source."
        ),
        HealthState.BROKEN_FEED: "Look for the address of its feed on its site, and give it in the configuration.",
        HealthState.MOVED: "Replace the address in the configuration, if the new one is the publisher's own.",
        HealthState.ROBOTS: "Vigie keeps to that rule. Ask the publisher for permission, or take the source out.",
        HealthState.FAILING: "Vigie tries again by itself. If it lasts, open its site to see whether it answers.",
        HealthState.GONE: "Look on its site for the address that takes the place of this one.",
        HealthState.DRIFTING: "Compare a recent article with its page: the site has probably changed its layout.",
    },
}
_FAILURES: dict[Language, dict[FailureReason, str]] = {
    "fr": {
        FailureReason.DNS: "nom de domaine introuvable",
        FailureReason.CONNECTION: "connexion impossible",
        FailureReason.TLS: "chiffrement ou certificat refusé",
        FailureReason.TIMEOUT: "réponse trop lente",
        FailureReason.TOO_LARGE: "réponse trop grande",
        FailureReason.TRUNCATED: "réponse coupée",
        FailureReason.TOO_MANY_REDIRECTS: "trop de redirections",
        FailureReason.FORBIDDEN_ADDRESS: "adresse interdite",
        FailureReason.ROBOTS: "interdit par robots.txt",
        FailureReason.NOT_FOUND: "adresse introuvable",
        FailureReason.GONE: "adresse supprimée",
        FailureReason.BLOCKED: "accès refusé",
        FailureReason.RATE_LIMITED: "trop de demandes, selon le serveur",
        FailureReason.SERVER_ERROR: "erreur du serveur",
        FailureReason.HTTP_ERROR: "erreur HTTP",
        FailureReason.NOT_A_FEED: "une page au lieu d’un flux",
        FailureReason.BROKEN_FEED: "flux illisible",
        FailureReason.EMPTY_FEED: "flux vide",
        FailureReason.CHALLENGE: "contrôle anti-robot",
        FailureReason.CONSENT: "demande de consentement",
        FailureReason.PAYWALL: "réservé aux abonnés",
        FailureReason.SOFT_404: "page d’erreur déguisée",
        FailureReason.NOT_ARTICLE: "pas un article",
        FailureReason.NOT_HTML: "pas une page",
        FailureReason.NO_TITLE: "sans titre",
        FailureReason.NO_TEXT: "sans texte",
        FailureReason.EXTRACTION_TIMEOUT: "lecture trop longue",
        FailureReason.EXTRACTION_CRASH: "lecture interrompue",
        FailureReason.CRAWLER_LOST: "lecteur perdu",
        FailureReason.NO_BROWSER: "navigateur absent",
        FailureReason.INTERNAL: "erreur interne",
    },
    "en": {
        FailureReason.DNS: "domain name not found",
        FailureReason.CONNECTION: "no connection",
        FailureReason.TLS: "encryption or certificate refused",
        FailureReason.TIMEOUT: "answer too slow",
        FailureReason.TOO_LARGE: "answer too large",
        FailureReason.TRUNCATED: "answer cut off",
        FailureReason.TOO_MANY_REDIRECTS: "too many redirects",
        FailureReason.FORBIDDEN_ADDRESS: "forbidden address",
        FailureReason.ROBOTS: "forbidden by robots.txt",
        FailureReason.NOT_FOUND: "no such address",
        FailureReason.GONE: "address removed",
        FailureReason.BLOCKED: "access refused",
        FailureReason.RATE_LIMITED: "too many requests, says the server",
        FailureReason.SERVER_ERROR: "server error",
        FailureReason.HTTP_ERROR: "HTTP error",
        FailureReason.NOT_A_FEED: "a page instead of a feed",
        FailureReason.BROKEN_FEED: "unreadable feed",
        FailureReason.EMPTY_FEED: "empty feed",
        FailureReason.CHALLENGE: "bot check",
        FailureReason.CONSENT: "consent dialog",
        FailureReason.PAYWALL: "for subscribers only",
        FailureReason.SOFT_404: "error page in disguise",
        FailureReason.NOT_ARTICLE: "no article",
        FailureReason.NOT_HTML: "no web page",
        FailureReason.NO_TITLE: "without a title",
        FailureReason.NO_TEXT: "without text",
        FailureReason.EXTRACTION_TIMEOUT: "reading took too long",
        FailureReason.EXTRACTION_CRASH: "reading broke off",
        FailureReason.CRAWLER_LOST: "reader lost",
        FailureReason.NO_BROWSER: "no browser",
        FailureReason.INTERNAL: "internal fault",
    },
}
_STAGES: dict[Language, dict[str, str]] = {
    "fr": {
        "serve": "la servir", "fetch": "la lire", "extract": "en extraire le texte", "detect": "y trouver l’acte",
        "decide": "décider de l’alerte", "store": "l’écrire dans l’archive",
    },
    "en": {
        "serve": "serve it", "fetch": "fetch it", "extract": "extract its text", "detect": "find the act in it",
        "decide": "decide on the alert", "store": "write it to the archive",
    },
}  # fmt: skip


def state_word(state: HealthState, language: Language) -> str:
    """Return the word for a state."""
    return _STATES[language][state]


def failure_word(failure: FailureReason, language: Language) -> str:
    """Return the words for a failure."""
    return _FAILURES[language].get(failure, failure.value)


def advice(state: HealthState, language: Language) -> str:
    """Return what a person can do, an empty string where nothing need be done."""
    return _set(_ADVICE[language].get(state, ""), language)


def explain(health: Health, language: Language, zone: ZoneInfo) -> str:
    """Return the reason for a state in one sentence."""
    cause = health.cause
    match health.state:
        case HealthState.NEW:
            return "Pas encore lue." if language == "fr" else "Not read yet."
        case HealthState.FRESH:
            return "Lue, avec du nouveau à son rythme." if language == "fr" else "Read, with news at its usual pace."
        case HealthState.QUIET:
            return _quiet(cause, language)
        case HealthState.SILENT:
            return _silent(cause, language, zone)
        case HealthState.WALLED if cause.pages:
            return _walled(cause, language)
        case HealthState.MOVED:
            return _moved(cause, language)
        case HealthState.DRIFTING:
            return _drifting(cause, language)
        case HealthState.NETWORK:
            return "Rien n’est joignable." if language == "fr" else "Nothing can be reached."
        case _:
            return _failing(cause, language)


def network_sentence(network: Network, language: Language) -> str:
    """Return what is wrong with the way to the press."""
    if language == "fr":
        hosts = f"{network.failed} des {network.asked} sites demandés"
        if network.failure is None:
            return f"{hosts} répondent la même page{_FINE}: un portail d’accès se tient devant l’Internet."
        return f"{hosts} sont injoignables à la fois ({failure_word(network.failure, language)})."
    hosts = f"{network.failed} of the {network.asked} sites asked"
    if network.failure is None:
        return f"{hosts} answer one and the same page: an access portal stands before the Internet."
    return f"{hosts} cannot be reached, all at once ({failure_word(network.failure, language)})."


def canary_sentence(stage: str, detail: str, language: Language) -> str:
    """Return what became of the canary."""
    step = _STAGES[language].get(stage, stage)
    if language == "fr":
        return f"Étape manquée{_FINE}: {step}. {shorten(clean_line(detail), 300)}"
    return f"It failed to {step}: {shorten(clean_line(detail), 300)}"


def span(length: timedelta, language: Language) -> str:
    """Return a length of time in its largest fitting unit: « 26 h », « 3 jours »."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes}{_NBSP}min"
    hours = round(minutes / 60)
    if hours < 72:
        return f"{hours}{_NBSP}h"
    days = round(hours / 24)
    return f"{days}{_NBSP}{'jours' if language == 'fr' else 'days'}"


def _quiet(cause: Cause, language: Language) -> str:
    limit = span(cause.limit or timedelta(0), language)
    if language == "fr":
        return f"Rien de nouveau depuis plus longtemps que d’ordinaire{_FINE}; jusqu’à {limit}, c’est son rythme."
    return f"Nothing new for longer than usual; up to {limit} that is its rhythm."


def _silent(cause: Cause, language: Language, zone: ZoneInfo) -> str:
    limit = span(cause.limit or timedelta(0), language)
    since = wording.moment(cause.last_new_at, language, zone) if cause.last_new_at else "?"
    if language == "fr":
        return f"Rien de nouveau depuis le {since}{_FINE}; son rythme n’explique que {limit}."
    return f"Nothing new since {since}; its rhythm explains no more than {limit}."


def _walled(cause: Cause, language: Language) -> str:
    wall = failure_word(cause.failure or FailureReason.BLOCKED, language)
    if language == "fr":
        return f"{cause.hit} des {cause.pages} pages des dernières 24{_NBSP}h étaient derrière un mur ({wall})."
    return f"{cause.hit} of the {cause.pages} pages of the last 24{_NBSP}h stood behind a wall ({wall})."


def _moved(cause: Cause, language: Language) -> str:
    old, new = _address(cause.address), _address(cause.moved_to)
    if language == "fr":
        return f"{old} renvoie définitivement vers {new}"
    return f"{old} redirects for good to {new}"


def _drifting(cause: Cause, language: Language) -> str:
    french = language == "fr"
    match cause.drift:
        case Drift.LENGTH:
            return (
                f"Les {cause.pages} derniers articles sont bien plus courts qu’avant{_FINE}: {cause.after} caractères "
                f"au lieu de {cause.before} (médiane)."
                if french
                else f"The last {cause.pages} articles are far shorter than before: {cause.after} characters instead "
                f"of {cause.before} (median)."
            )
        case Drift.LANGUAGE:
            return (
                f"Les {cause.pages} derniers articles sont en «{_NBSP}{cause.after}{_NBSP}»{_FINE}; avant, ils étaient "
                f"en «{_NBSP}{cause.before}{_NBSP}»."
                if french
                else f"The last {cause.pages} articles are in “{cause.after}”; before, they were in “{cause.before}”."
            )
        case Drift.TITLES:
            what = "n’ont pas de titre" if french else "have no title"
        case Drift.TEXT:
            what = "ne donnent aucun texte" if french else "give no text"
        case _:
            what = "échappent aux réglages propres à cette source" if french else "escape this source's own selectors"
    if french:
        return f"{cause.hit} des {cause.pages} dernières pages {what}."
    return f"{cause.hit} of the last {cause.pages} pages {what}."


def _failing(cause: Cause, language: Language) -> str:
    what = failure_word(cause.failure or FailureReason.INTERNAL, language)
    what = what[:1].upper() + what[1:]
    partly = ""
    if cause.failing < cause.addresses:
        word = "adresses" if language == "fr" else "addresses"
        of = "sur" if language == "fr" else "of"
        partly = f", {cause.failing} {of} {cause.addresses} {word}"
    times = f"{cause.polls} fois de suite" if language == "fr" else f"{cause.polls} times in a row"
    return f"{what}, {times}{partly}{wording.colon(language)}{_address(cause.address)}"


def _address(address: str | None) -> str:
    return shorten(clean_line(address or "?"), _ADDRESS)


def _set(text: str, language: Language) -> str:
    """Set French marks with their narrow space."""
    if language != "fr":
        return text
    for mark in ":;!?":
        text = text.replace(f" {mark}", f"{_FINE}{mark}")
    return text
