"""Who wrote it besides the author: agency credits, read as data and kept out of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from crawler.clean import clean_line

#: names under which agencies sign, in lower case, and the name Vigie files them under
AGENCIES: dict[str, str] = {
    "aa": "Anadolu",
    "afp": "AFP",
    "aib": "AIB",
    "agence anadolu": "Anadolu",
    "agence france-presse": "AFP",
    "amap": "AMAP",
    "anadolu": "Anadolu",
    "anp": "ANP",
    "ansa": "ANSA",
    "ap": "AP",
    "apa": "APA",
    "apanews": "APA",
    "aps": "APS",
    "associated press": "AP",
    "ats": "Keystone-ATS",
    "awp": "AWP",
    "belga": "Belga",
    "dpa": "dpa",
    "efe": "EFE",
    "keystone-ats": "Keystone-ATS",
    "map": "MAP",
    "pana": "PANA",
    "panapress": "PANA",
    "reuters": "Reuters",
    "ria novosti": "RIA Novosti",
    "sda": "Keystone-ATS",
    "tass": "TASS",
    "the associated press": "AP",
    "xinhua": "Xinhua",
}
_NOT_CREDITS = frozenset({"sic", "ndlr", "ndt", "photo", "suite", "fin", "more", "video", "vidéo", "archives"})
_NAMES = "|".join(sorted(map(re.escape, AGENCIES), key=len, reverse=True))
_TOKEN = r"[A-Za-zÀ-ÿ][\w-]{1,14}"  # noqa: S105 - a pattern, not a secret
_IN_BRACKETS = re.compile(
    rf"\(((?:avec |with )?{_TOKEN}(?: ?(?:/|,|et|and|avec) ?{_TOKEN}){{0,4}})\)\.?$", re.IGNORECASE
)
_SIGNED = re.compile(
    r"\(((?:The |La |Le |Les |L['’])?[A-ZÀ-Ý][\w.'’-]*"
    r"(?: (?:[A-ZÀ-Ý][\w.'’-]*|de|des|du|la|le|les|of|the|et|and)){1,5})\)\.?"
)
_NOT_SIGNED = re.compile(r"photo|image|archives|vidéo|video|suite|crédit", re.IGNORECASE)
_BARE = re.compile(
    rf"(?:©|\(c\)|avec|source ?:?|sources ?:|with|par|crédit ?:)? ?(?:\d{{4}} )?(?:l'|the )?"
    rf"((?:{_NAMES})(?: ?(?:/|,|et|and|avec) ?(?:l'|the )?(?:{_NAMES}))*)(?: ?,? ?(?:©|\(c\))? ?\d{{4}})?\.?",
    re.IGNORECASE,
)
_STAMPED = re.compile(rf"\d\d/\d\d/\d{{4}} .{{0,60}}\(({_NAMES})\).{{0,30}}", re.IGNORECASE)
_DATELINE = re.compile(
    rf".{{0,60}}\(({_NAMES})\) ?[-–—:]|(?:[^.!?(]{{2,40}})?\(({_NAMES})\) (?=[A-ZÀ-Ý«])|.{{2,50}}/({_NAMES})/",
    re.IGNORECASE,
)
#: an agency that a text leans on: « rapporte l'AFP », "told Reuters"; only in the capitals of its own name
_QUOTED = re.compile(
    r"(?:[Ss]elon|[Aa]vec|rapporte|rapportent|indique|indiquent|écrit|d'après|citée? par|citant|à|par)"
    r" (?:l'agence |l'|la )?(AFP|ATS|AP|AMAP|AIB|ANP|APA|APS|PANA|Reuters|Xinhua|Anadolu|TASS|Keystone-ATS)\b"
    r"|(?:told|tells|reports?|reported|according to|with|by|citing) (?:the )?"
    r"(AFP|AP|Reuters|Xinhua|Anadolu|TASS|AMAP|Associated Press)\b"
)
# Agencies and the initials of who edited it: « afp/jeb ».
_SLASHED = re.compile(r"[A-Za-z]{2,8}(?:/[A-Za-z]{2,8}){1,4}")
_SEPARATOR = re.compile(r" ?(?:/|,|\bet\b|\band\b|\bavec\b|\bwith\b) ?", re.IGNORECASE)


_BYLINE = re.compile(
    r"(?:Par|PAR|By|BY|Propos recueillis par|Recueilli par|Texte)(?: [A-ZÀ-Ý][\w.'-]*){1,5}"
    r"(?:,? ?(?:et|and|avec|with|pour|à|in|,)(?: [\w.'-]+){1,5}){0,3}"
    r"|[A-ZÀ-Ý](?:\. ?|-)?[A-ZÀ-Ý]\.?(?:,? (?:avec|et|/) .{2,30})?|[A-Z]{2,3} ?(?:/|,? avec) .{2,30}"
)
_MAX_BYLINE = 80


def is_byline(line: str) -> bool:
    """Whether a whole line names who wrote the article, such as ``Par Awa Diarra avec AFP`` or ``A.D. avec AFP``."""
    return len(line) <= _MAX_BYLINE and _BYLINE.fullmatch(line.replace("’", "'").rstrip(" .")) is not None


def credit_line(line: str) -> str | None:
    """Return the agency when the whole line is a credit, such as ``(afp/ats)`` or ``Avec AFP``."""
    text = clean_line(line).replace("’", "'").strip("-–— \u00a0\u202f")
    bracketed = _IN_BRACKETS.fullmatch(text)
    if bracketed is not None:
        return _filed(bracketed[1], known_only=False)
    bare = _BARE.fullmatch(text) or _STAMPED.fullmatch(text)
    slashed = _SLASHED.fullmatch(text) if bare is None else None
    found = bare[1] if bare is not None else slashed[0] if slashed is not None else ""
    return _filed(found, known_only=True) if found else None


_SOURCE = re.compile(r"sources? ?: ?((?:[A-ZÀ-Ý]|[LlDd]['’]|le |la |les )[^.!?:]{1,50})\.?", re.IGNORECASE)


def closing_credit(line: str) -> str | None:
    """Return who signs an article's very last line, known or not: ``(La Voix du Fleuve)``, ``Source : L'Essor``."""
    match = _SIGNED.fullmatch(clean_line(line)) or _SOURCE.fullmatch(clean_line(line))
    return match[1] if match is not None and not _NOT_SIGNED.search(line) else None


def credit_in(paragraph: str) -> str | None:
    """Return the agency that signs at the end of a paragraph (``… (ats)``) or opens it as a dateline."""
    text = clean_line(paragraph)
    closing = _IN_BRACKETS.search(text)
    if closing is not None:
        before = text[: closing.start()].rstrip(" \u00a0\u202f")
        # "(ONU)" inside a sentence is an abbreviation; a credit follows the end of one.
        agency = _filed(closing[1], known_only=before[-1:] not in {".", "!", "?", "»", "”", "…"})
        if agency is not None:
            return agency
    opening = _DATELINE.match(text)
    return _filed(opening[1] or opening[2] or opening[3], known_only=True) if opening is not None else None


def leaning_on(paragraph: str) -> str | None:
    """Return the agency that a paragraph names as its source: « rapporte l'AFP », "told Reuters"."""
    found = _QUOTED.search(clean_line(paragraph).replace("’", "'"))
    return _filed(found[1] or found[2], known_only=True) if found is not None else None


def agency_of(paragraphs: Sequence[str], authors: Iterable[str] = ()) -> str | None:
    """Return the agency credited for a text that comes without a page: by its authors, its last lines or its dateline.

    Args:
        paragraphs: of the text.
        authors: who signed.
    """
    signed = next((known for name in authors if (known := agency_name(name) or credit_line(name))), None)
    if signed is not None or not paragraphs:
        return signed
    lines = (credit_line(line) for line in paragraphs)
    credit = next((known for known in lines if known), None) or closing_credit(paragraphs[-1])
    return (
        credit
        or credit_in(paragraphs[-1])
        or credit_in(paragraphs[0])
        or leaning_on(" ".join((*paragraphs[:3], paragraphs[-1])))
    )


def agency_name(name: str) -> str | None:
    """Return the filed name when ``name`` is that of an agency we know."""
    return AGENCIES.get(clean_line(name).lower().replace("’", "'"))


def _filed(credit: str, *, known_only: bool) -> str | None:
    """Return a credit's agencies under their filed names, ``AFP/Keystone-ATS``."""
    tokens = [token.strip() for token in _SEPARATOR.split(credit) if token and token.strip()]
    if any(token.lower() in _NOT_CREDITS for token in tokens):
        return None
    known = [AGENCIES[token.lower()] for token in tokens if token.lower() in AGENCIES]
    if known or known_only:
        return "/".join(dict.fromkeys(known)) or None
    # Lower or upper case throughout is how desks sign; a capitalised word is a name.
    signed = [token.upper() for token in tokens if token.islower() or token.isupper()]
    return "/".join(dict.fromkeys(signed)) if len(signed) == len(tokens) and all(len(t) <= 8 for t in signed) else None
