"""The query language on one screen, for ``vigie search --help`` and the search page."""

from __future__ import annotations

from detection.query.nodes import Field
from detection.query.scan import MAX_DISTANCE

_WORDS = (
    ("ambassadeur Mali", "both words, anywhere in title or text"),
    ('"chargé d’affaires"', "the words in a row"),
    ("expuls*", "any word that begins so"),
    ("=Mali", "written exactly so: capitals and accents count"),
    ("Mali OR Niger", "one of them"),
    ("Mali NOT football", "the first without the second; also Mali -football"),
    ("(Mali OR Niger) AND Paris", "parentheses group"),
    ("Mali NEAR/5 Paris", f"at most 5 words between them, in any order (0 to {MAX_DISTANCE})"),
    ("/expuls(e|ion)s?/", "a regular expression (RE2), beside a word"),
)

_FIELDS = {
    Field.TITLE: ("title:rupture", "words of the title"),
    Field.TEXT: ('text:"note verbale"', "words of the standfirst and the paragraphs"),
    Field.SOURCE: ("source:rfi", "id of the source"),
    Field.LANGUAGE: ("lang:fr", "language, ISO 639-1"),
    Field.COUNTRY: ("country:MLI", "country of the source"),
    Field.ORIGIN: ("origin:AFP", "words of the name of who reported first"),
    Field.AUTHOR: ('author:"Awa Diarra"', "words of one author's name"),
    Field.TYPE: ("type:expel_*", "type of an act found in the article; type:* for any"),
    Field.ACTOR: ("actor:MLI", "who acts"),
    Field.TARGET: ("target:FRA", "who is acted upon"),
    Field.STATUS: ("status:asserted", "how real the act is"),
    Field.SEVERITY: ("severity:>=3", "1 (words) to 5 (rupture, arms); also > < <= ="),
    Field.DATE: ("date:2025-09-18..2025-09-20", "days on which it appeared (UTC), or a month, a year"),
    Field.SINCE: ("since:2025-09-18", "appeared on that day or later"),
    Field.UNTIL: ("until:2025-09-20", "appeared on that day or earlier"),
    Field.TAG: ("tag:urgent", "tag that somebody gave its event"),
}


def describe_syntax() -> str:
    """Return the language as lines of plain text, an example and its meaning on each."""
    examples = (*_WORDS, *(_FIELDS[field] for field in Field))
    width = max(len(example) for example, _ in examples)
    lines = [f"  {example:<{width}}  {meaning}" for example, meaning in examples]
    lines.insert(len(_WORDS), "Fields (title:(a OR b) puts one before a group):")
    return "\n".join(
        (
            "Words match whatever their capitals and accents.",
            *lines,
            "AND, OR, NOT (ET, OU, SAUF) and NEAR/n stand in capitals. NEAR binds first, then NOT, AND, OR.",
            "Conditions on acts side by side (type, actor, target, status, severity) must hold of one act.",
        )
    )
