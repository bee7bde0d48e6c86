"""Making text from the press safe for headers, JSON and one-line displays.

Headlines come from pages that nobody vouches for: line breaks of every kind, control characters, lone
surrogates and direction overrides would forge headers, stop a queue or disguise a sentence.
"""

from __future__ import annotations

import re
import unicodedata

#: every character that some parser takes for the end of a line, and the tabulator
_BREAKS = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
#: embeddings, overrides and isolates (Unicode annex 9): they reorder what a reader sees
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SPACES = re.compile(" {2,}")

_COMBINING = ("Mn", "Me", "Mc")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"


def clean_line(text: str) -> str:
    """Return ``text`` as one line that is safe in a header, a log and JSON.

    Line breaks become spaces, control and direction characters vanish, a lone surrogate becomes U+FFFD.
    No-break spaces stay: French typography needs them.
    """
    text = _BREAKS.sub(" ", text)
    text = _CONTROLS.sub("", _DIRECTION.sub("", text))
    return _SPACES.sub(" ", _SURROGATES.sub("\ufffd", text)).strip()


def shorten(text: str, limit: int) -> str:
    """Return the cleaned ``text`` in at most ``limit`` characters, cut at a word and marked with an ellipsis."""
    text = clean_line(text)
    if len(text) <= limit:
        return text
    cut = limit - 1
    while cut > 0 and (unicodedata.category(text[cut]) in _COMBINING or text[cut] in _JOINERS):
        cut -= 1
    head = text[:cut]
    at_word = head.rfind(" ")
    if at_word >= cut * 2 // 3:
        head = head[:at_word]
    return head.rstrip(" ,;:.\u00a0\u202f") + "…"


def web_address(url: str) -> str:
    """Return ``url`` when it is a plain web address, else an empty string: no other scheme becomes a link."""
    url = clean_line(url)
    return url if re.match(r"(?i)https?://[^\s/]", url) and not re.search(r"[\s<>\"]", url) else ""
