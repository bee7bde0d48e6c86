"""What a reader of French sees of a page that is not French."""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: English words that are no words of French, and that hardly an English sentence does without
ENGLISH = frozenset(
    {
        "account", "accounts", "add", "added", "after", "again", "ago", "alert", "alerts", "all", "allowed",
        "already", "always", "an", "and", "answer", "answered", "answering", "answers", "any", "are", "as", "ask",
        "asked", "asks", "at", "be", "because", "been", "before", "being", "both", "but", "by", "can", "cannot",
        "change", "changed", "changes", "channel", "channels", "close", "closed", "could", "day", "days",
        "delete", "deleted", "deliver", "delivered", "deliveries", "delivery", "did", "do", "does", "each",
        "edit", "edited", "either", "event", "events", "every", "everything", "failed", "failing", "fails",
        "feed", "feeds", "find", "first", "for", "found", "from", "gave", "give", "given", "had", "has", "have",
        "he", "her", "his", "hour", "hours", "how", "if", "into", "is", "it", "its", "keep", "kept", "last",
        "link", "links", "log", "logged", "login", "made", "make", "may", "might", "minute", "minutes", "month",
        "more", "most", "must", "name", "names", "neither", "never", "new", "next", "no", "nobody", "not",
        "nothing", "now", "of", "off", "old", "one", "only", "onto", "open", "opened", "or", "our", "outlet",
        "outlets", "over", "password", "read", "reading", "reads", "remove", "removed", "rule", "rules", "said",
        "save", "saved", "say", "says", "search", "second", "seconds", "see", "seen", "severity", "shall", "she",
        "should", "show", "shown", "shows", "silence", "silenced", "since", "so", "somebody", "something",
        "state", "states", "still", "stories", "story", "such", "take", "taken", "tell", "tells", "than", "that",
        "the", "their", "them", "then", "there", "these", "they", "this", "those", "three", "time", "times", "to",
        "today", "token", "tokens", "told", "took", "two", "under", "until", "view", "views", "was", "watch",
        "watches", "we", "week", "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why",
        "will", "with", "within", "without", "would", "year", "yes", "you", "your",
    }
)  # fmt: skip
#: of these, what is spelt like a word of French, or is a name that people wrote
BOTH = frozenset(
    {
        "change", "minutes",
        "alert", "all", "an", "are", "article", "articles", "as", "been", "but", "by", "for", "he", "her", "his",
        "if", "log", "me", "mode", "no", "note", "notes", "of", "on", "one", "or", "over", "pays", "pour",
        "second", "secondes", "seconds", "silence", "so", "source", "sources", "state", "then", "to", "token",
        "tokens", "us", "version", "we", "week",
    }
)  # fmt: skip
#: what is no sentence of ours: what others wrote, code, what is typed
_QUOTED = frozenset({"q", "code", "pre", "kbd", "samp", "textarea", "script", "style", "ins", "del", "mark"})
#: classes of what others wrote or what has a name of its own
_QUOTED_CLASSES = frozenset({"address", "where", "pre", "verbatim", "as-written"})
_VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    }
)  # fmt: skip
_TEXT_ATTRIBUTES = frozenset({"title", "aria-label", "placeholder", "alt", "data-refused", "data-said"})


class Seen(HTMLParser):
    """Collects the visible texts of a page that claim to be French, and those that say they are not."""

    def __init__(self, body: str) -> None:
        """Read a page."""
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        #: sentences of other rooms that nobody worded
        self.unworded: list[str] = []
        self._open: list[tuple[str, bool, bool]] = []
        self.feed(body)
        self.close()

    @property
    def _quoted(self) -> bool:
        return any(quoted for _, quoted, _ in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element."""
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        own = tag in _QUOTED or bool(classes & _QUOTED_CLASSES)
        if "lang" in values and tag != "html":
            # Another language, or the reader's own within it.
            own = values["lang"] != "fr"
        if not (own or self._quoted):
            self.texts += [values[name] for name in _TEXT_ATTRIBUTES & values.keys()]
            if tag == "input" and values.get("type") in {"submit", "button"}:
                self.texts.append(values.get("value", ""))
        if tag not in _VOID:
            self._open.append((tag, own, "unworded" in classes))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, with those inside it that need no end."""
        if any(name == tag for name, _, _ in self._open):
            while self._open and self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        text = " ".join(data.split())
        if any(unworded for _, _, unworded in self._open):
            self.unworded.append(text)
        elif text and not self._quoted:
            self.texts.append(text)


def english_in(text: str) -> list[str]:
    """Return the English words of a text, but what stands in guillemets: others wrote it."""
    # Operators of the query language stand in capitals.
    own = re.sub(r"JSON Feed|\b[A-Z]{2,}\b|«[^»]*»|https?://\S+|\S+@\S+|\S*[/_.]\S+|\b\w+:\S*", " ", text)
    words = re.findall(r"[^\W\d_]+", own.lower())
    return [word for word in words if word in ENGLISH - BOTH]
