"""What stands on a page beside the article: boxes to prune, lines to drop, agency credits to read.

Only whole lines and whole boxes go; prose is never edited.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from crawler.clean import clean_line

# --- boxes -----------------------------------------------------------------------------------------

#: class and id words of boxes that hold no article text
_BOX = re.compile(
    r"(?:^|[-_ ])(?:"
    r"cookies?|consent|gdpr|rgpd|onetrust|didomi|tarteaucitron|cmp|privacy|"
    r"comments?|commentaires?|disqus|reactions?|respond|"
    r"newsletters?|"
    r"related|lire-aussi|lireaussi|read-also|readalso|read-more|readmore|a-lire|voir-aussi|sur-le-meme-sujet|"
    r"recommended|recommendations?|recirc|outbrain|taboola|most-read|plus-lus|populaires?|jp-relatedposts|"
    r"share|shares|sharing|sharedaddy|social|partage|partager|addtoany|"
    r"reading-time|temps-lecture|breadcrumbs?|fil-ariane|pagination|"
    r"advert|advertisement|advertising|publicite|pub|ads|adsbygoogle|sponsored|"
    r"tags?|mots-cles|keywords|byline|signature|author-box|bio-auteur|"
    r"caption|legende|figcaption|wp-caption-text|credits?|tdb-logo|skip-link|sr-only|screen-reader-text"
    r")(?:$|[-_ ])",
    re.IGNORECASE,
)
#: words of subscription prompts, which articles behind a paywall bear as a flag too
_PROMPT = re.compile(r"(?:^|[-_ ])(?:subscribe|subscription|abonnez|abonnement|paywall)(?:$|[-_ ])", re.IGNORECASE)
_CONTENT = re.compile(r"(?:^|[-_ ])(?:body|content|contenu|rich-?text|articlebody|article)(?:$|[-_ ])", re.IGNORECASE)
_BOX_TAGS = frozenset({"div", "section", "aside", "ul", "ol", "p", "nav", "footer", "form", "dialog", "figure"})
#: a box holding more of the page's paragraph text than this is the article, whatever its class says
_SHARE_OF_ARTICLE = 0.45
_MAX_NOTE = 120


def prune(tree: HtmlElement) -> tuple[str, ...]:
    """Remove cookie dialogs, comments, related links and their like from ``tree``, in place.

    A box stays when it holds the headline or nearly half of the page's paragraph text: class names lie.

    Returns:
        The short texts that went, in page order: bylines and credits, which name authors and agencies.
    """
    removed: list[str] = []
    for line in _publication_lines(tree):
        removed.append(clean_line(line.text_content()))
        _remove(line)
    # A drop cap is printed once for the eye, hidden from screen readers, and once for them.
    for ornament in [element for element in tree.iter("span") if element.get("aria-hidden") == "true"]:
        _remove(ornament)
    total = sum(map(_length, tree.iter("p"))) or 1
    for box in [element for element in tree.iter() if _is_box(element)]:
        inside = (_length(box) if box.tag == "p" else 0) + sum(map(_length, box.iterdescendants("p")))
        if inside <= _SHARE_OF_ARTICLE * total and next(box.iterdescendants("h1"), None) is None:
            text = clean_line(box.text_content())
            if 0 < len(text) <= _MAX_NOTE:
                removed.append(text)
            _remove(box)
    return tuple(removed)


def _publication_lines(tree: HtmlElement) -> list[HtmlElement]:
    """Return the short paragraphs above the headline, and those that print a date made for machines."""
    headlines = list(tree.iter("h1"))
    lines = []
    above = len(headlines) == 1
    for element in tree.iter("h1", "p"):
        above = above and element.tag != "h1"
        if element.tag == "p" and (above or next(element.iterdescendants("time"), None) is not None):
            text = clean_line(element.text_content())
            if 0 < len(text) <= _MAX_NOTE and text[-1] not in ".!?»":
                lines.append(element)
    return lines


def _is_box(element: HtmlElement) -> bool:
    if element.tag not in _BOX_TAGS:
        return False
    if element.get("role") in {"dialog", "alertdialog"} or element.get("aria-modal") == "true":
        return True
    words = f"{element.get('class') or ''} {element.get('id') or ''}"
    if words == " ":
        return False
    return _BOX.search(words) is not None or (_PROMPT.search(words) is not None and not _CONTENT.search(words))


def _remove(element: HtmlElement) -> None:
    parent = element.getparent()
    # An ancestor may have gone before; then there is nothing left to remove.
    if parent is not None:
        element.drop_tree()


def _length(element: HtmlElement) -> int:
    return len(element.text_content().strip())


# --- lines -----------------------------------------------------------------------------------------

_LINE = re.compile(
    r"(?:"
    r"(?:à |a )?(?:lire|voir|relire|écouter|regarder|découvrir)(?: (?:aussi|également|encore))?(?: sur [\w ]+)? ?:.*"
    r"|(?:à |a )(?:lire|voir|écouter) (?:aussi|également).*|(?:lire|voir|écouter) (?:aussi|également)\b.*"
    r"|(?:read|see|watch|listen) (?:also|more|next) ?:?.{0,200}|also read ?:?.*|related ?:.*"
    r"|lesen sie auch ?:?.*"
    r"|(?:notre|nos) (?:article|articles|dossier|récit|direct) (?:sur|consacrée?s? à|à propos de) .{0,120}"
    r"|(?:la )?suite après (?:cette|la) publicité|publicité|annonce|advertisement|ad|anzeige|sponsored"
    r"|(?:continue|keep) reading(?: below)?|article continues (?:below|after).*"
    r"|(?:déjà|already) (?:abonnée?s?|a subscriber).*|(?:article|contenu) réservé aux abonnés.*"
    r"|il vous reste [\d.,]+ ?% de cet article.*|cet article est réservé aux abonnés.*"
    r"|(?:la )?rédaction(?: d[eu] .{0,40})?"
    r"|lecture audio réservée aux abonnés|\d+ (?:commentaires?|comments?|réactions?)"
    r"|(?:à la une|sur le web)(?: .{0,40})?"
    r"|(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|\w{3,6}day|publié|mis à jour|le) ){0,3}\d{1,2}(?:er)? "
    r"[a-zéû]{3,9} \d{4}(?:,? (?:à )?\d{1,2} ?[h:] ?\d{2})?"
    r"|temps de lecture ?:.*|\d+ ?min(?:utes?)?(?: de lecture| read)?|lecture ?: ?\d+ ?min.*"
    r"|partager(?: (?:sur|cet article|l'article).*)?|share(?: (?:this|on) .*)?|imprimer|print|envoyer par e-?mail"
    r"|ajouter à (?:mes favoris|vos favoris|ma sélection)|commenter|réagir|contribuer"
    r"|voir les (?:commentaires|contributions)"
    r"|lire (?:la suite|plus)|en savoir plus|read more|afficher plus"
    r"|(?:recevez|inscrivez-vous à|abonnez-vous à|sign up for) (?:notre|nos|la|our|the) .{0,120}"
    r"(?:newsletters?|lettre)\b.{0,80}"
    r"|mots[- ]clés ?:?.*|tags ?:.*|étiquettes ?:.*"
    r")",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:Par|PAR|By|Propos recueillis par)(?: [A-ZÀ-Ý][\w.'-]*){1,5}"
    r"(?:,? (?:et|and|avec|with|pour|à|in)(?: [\w.'-]+){1,5}){0,2}"
)
_MAX_LINE = 240
_MAX_BYLINE = 80


def is_boilerplate(line: str) -> bool:
    """Whether a whole line is a link box, an advertising mark or a prompt instead of prose."""
    text = line.strip(" \u00a0\u202f-–—•*>»[]").replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")
    text = text.rstrip(" .…")
    return len(line) <= _MAX_LINE and (not text or _LINE.fullmatch(text) is not None)


def is_byline(line: str) -> bool:
    """Whether a whole line names who wrote the article, such as ``Par Awa Diarra avec AFP``."""
    return len(line) <= _MAX_BYLINE and _BYLINE.fullmatch(line.replace("’", "'").rstrip(" .")) is not None


# --- agency credits ----------------------------------------------------------------------------------

#: names under which agencies sign, in lower case, and the name Vigie files them under
AGENCIES: dict[str, str] = {
    "aa": "Anadolu",
    "afp": "AFP",
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
    rf"(?:©|\(c\)|avec|source ?:?|sources ?:|with|par|crédit ?:)? ?(?:l'|the )?"
    rf"((?:{_NAMES})(?: ?(?:/|,|et|and|avec) ?(?:l'|the )?(?:{_NAMES}))*)(?: ?,? ?(?:©|\(c\))? ?\d{{4}})?\.?",
    re.IGNORECASE,
)
_STAMPED = re.compile(rf"\d\d/\d\d/\d{{4}} .{{0,60}}\(({_NAMES})\).{{0,30}}", re.IGNORECASE)
_DATELINE = re.compile(rf".{{2,60}}\(({_NAMES})\) ?[-–—:]", re.IGNORECASE)
_SEPARATOR = re.compile(r" ?(?:/|,|\bet\b|\band\b|\bavec\b|\bwith\b) ?", re.IGNORECASE)


def credit_line(line: str) -> str | None:
    """Return the agency when the whole line is a credit, such as ``(afp/ats)`` or ``Avec AFP``."""
    text = clean_line(line).replace("’", "'").strip("-–— \u00a0\u202f")
    bracketed = _IN_BRACKETS.fullmatch(text)
    if bracketed is not None:
        return _filed(bracketed[1], known_only=False)
    bare = _BARE.fullmatch(text) or _STAMPED.fullmatch(text)
    return _filed(bare[1], known_only=True) if bare is not None else None


def closing_credit(line: str) -> str | None:
    """Return who signs in brackets on an article's very last line, known or not: ``(La Voix du Fleuve)``."""
    match = _SIGNED.fullmatch(clean_line(line))
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
    return _filed(opening[1], known_only=True) if opening is not None else None


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
