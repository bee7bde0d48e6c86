"""Scores extraction against pages whose title, text, date, authors and standfirst are known.

The body's measure is the public one of article extraction benchmarks: multisets of four words in a row, precision and
recall averaged over pages, F1 of the averages. Words of the standfirst, of captions, of the headline and of what a
page's truth calls optional count neither way.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crawler.agencies import agency_name
from crawler.extract import read_page
from storage.types import Article

RUN = 4
#: share of a standfirst's runs that must be found for it to count as kept
KEPT = 0.8
NOW = datetime(2026, 11, 1, tzinfo=UTC)
_WORD = re.compile(r"\w+")
_Run = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a page holds; None where that is not known."""

    publisher: str
    title: str | None
    #: ISO 8601
    date: str | None
    authors: tuple[str, ...] | None
    text: str | None
    standfirst: str
    #: texts that count neither way
    neutral: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A saved page with its truth."""

    name: str
    url: str
    body: bytes
    truth: Truth


@dataclass(slots=True)
class Score:
    """Sums over pages; every figure is None while no page tells of it."""

    precisions: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    titles: list[bool] = field(default_factory=list)
    days: list[bool] = field(default_factory=list)
    minutes: list[bool] = field(default_factory=list)
    authors: list[float] = field(default_factory=list)
    standfirsts: list[bool] = field(default_factory=list)
    #: what went wrong, one line each
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """Mean share of the extracted runs that belong to the article."""
        return mean(self.precisions)

    @property
    def recall(self) -> float | None:
        """Mean share of the article's runs that were extracted."""
        return mean(self.recalls)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both means."""
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    @property
    def figures(self) -> dict[str, float | None]:
        """All figures by the names under which floors are pinned."""
        return {
            "body_f1": self.f1,
            "title": mean(self.titles),
            "minute": mean(self.minutes),
            "day": mean(self.days),
            "authors_f1": mean(self.authors),
            "standfirst": mean(self.standfirsts),
        }


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, None of nothing."""
    return sum(values) / len(values) if values else None


def score(pages: Iterable[Page]) -> Score:
    """Extract every page and compare it with its truth."""
    total = Score()
    for page in pages:
        reading = read_page(page.body, url=page.url, source_id="x", fetched_at=NOW, encoding="utf-8", language="fr")
        add(total, page, reading.article)
    return total


def add(total: Score, page: Page, found: Article | None) -> None:
    """Add one page to the sums."""
    truth = page.truth
    if truth.text is not None:
        precision, recall = body_score(
            truth.text,
            "\n".join(found.paragraphs) if found else "",
            [*filter(None, (truth.standfirst, truth.title)), *truth.neutral],
        )
        total.precisions.append(precision)
        total.recalls.append(recall)
        if min(precision, recall) < 0.95:
            total.misses.append(f"{page.name}: body precision {precision:.2f}, recall {recall:.2f}")
    if truth.standfirst and truth.text is not None:
        kept = covered(truth.standfirst, f"{found.lede}\n" + "\n".join(found.paragraphs) if found else "") >= KEPT
        note(total, total.standfirsts, page, "standfirst", kept, found.lede if found else "")
    if truth.title is not None:
        exact = found is not None and folded(truth.title) == folded(found.title)
        note(total, total.titles, page, "title", exact, found.title if found else "")
    if truth.date is not None:
        add_date(total, page, truth.date, found.published_at if found else None)
    if truth.authors:
        share = names_score(truth.authors, found.authors if found else (), truth.publisher)
        if share is not None:
            total.authors.append(share)
            if share < 1:
                total.misses.append(f"{page.name}: authors {found.authors if found else ()} for {truth.authors}")


def note(total: Score, into: list[bool], page: Page, what: str, right: bool, got: object) -> None:
    """Add one yes or no, and a miss's line."""
    into.append(right)
    if not right:
        total.misses.append(f"{page.name}: {what} {str(got)[:100]!r}")


# --- texts -----------------------------------------------------------------------------------------------


def runs(text: str) -> Counter[_Run]:
    """Return the multiset of runs of four words; a shorter text is one run."""
    words = _WORD.findall(text)
    return Counter(tuple(words[start : start + RUN]) for start in range(max(1, len(words) - RUN + 1)) if words)


def covered(part: str, text: str) -> float:
    """Return the share of a part's runs that a text holds."""
    wanted, there = runs(part), runs(text)
    return sum(min(count, there[run]) for run, count in wanted.items()) / max(1, wanted.total())


def body_score(truth: str, found: str, neutral: Sequence[str]) -> tuple[float, float]:
    """Return precision and recall of an extracted text; both 0 for nothing of something."""
    wanted, there = runs(truth), runs(found)
    allowed: Counter[_Run] = Counter()
    for text in neutral:
        allowed |= runs(text)
    right = sum(min(count, there[run]) for run, count in wanted.items())
    wrong = float(sum(max(0, count - wanted[run] - allowed[run]) for run, count in there.items()))
    # Runs across the edge of a neutral text that was kept are nobody's fault.
    wrong = max(0.0, wrong - (RUN - 1) * sum(covered(text, found) > KEPT for text in neutral))
    missed = sum(max(0, count - there[run]) for run, count in wanted.items())
    precision = right / (right + wrong) if right + wrong else float(not missed)
    recall = right / (right + missed) if right + missed else float(not wrong)
    return precision, recall


def folded(text: str) -> str:
    """Return a headline for comparison: typography does not count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\W+", "", text)


# --- dates -------------------------------------------------------------------------------------------------


def add_date(total: Score, page: Page, stated: str, found: datetime | None) -> None:
    """Compare day and minute; a truth without a clock tells only of the day, one without a zone only of the clock."""
    truth = datetime.fromisoformat(stated)
    has_clock = len(stated) > 10 and not (truth.tzinfo is None and truth.hour == truth.minute == 0)
    if found is None:
        right_day, right_minute = False, False
    elif truth.tzinfo is None:
        right_day = found.date() == truth.date()
        right_minute = abs(found.replace(tzinfo=None) - truth) < timedelta(minutes=1)
    else:
        days = {truth.date(), truth.astimezone(found.tzinfo).date()}
        right_day = bool(days & {found.date(), found.astimezone(truth.tzinfo).date()})
        right_minute = abs(found - truth) < timedelta(minutes=1)
    note(total, total.days, page, "day", right_day, found)
    if has_clock:
        note(total, total.minutes, page, "minute", right_minute, found)


# --- names -------------------------------------------------------------------------------------------------

_DESK = re.compile(
    r"\b(?:agences?|r[ée]daction|staff|news|radio|tv|magazine|service|source|figaro|lib[ée]ration|mediapart|huffpost"
    r"|monde|parisien|point|minutes|bfm\w*|tf1\w*|france ?info|linternaute|express)\b",
    re.IGNORECASE,
)


def names_score(truth: Iterable[str], found: Iterable[str], publisher: str) -> float | None:
    """Return the F1 of two sets of people; None where the truth names none."""
    wanted, there = people(truth, publisher), people(found, publisher)
    if not wanted:
        return None
    right = len(wanted & there)
    return 2 * right / (len(wanted) + len(there))


def people(names: Iterable[str], publisher: str) -> set[frozenset[str]]:
    """Return people's names as sets of folded words, without agencies, outlets and single words."""
    outlet = folded(publisher)
    people = set()
    for name in names:
        plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
        words = frozenset(_WORD.findall(plain))
        whole = folded(name)
        is_desk = bool(_DESK.search(name)) or agency_name(name) is not None
        is_outlet = bool(outlet) and (outlet in whole or whole in outlet)
        if len(words) >= 2 and not is_desk and not is_outlet:
            people.add(words)
    return people


# --- pages -------------------------------------------------------------------------------------------------


def own_pages(folder: Path) -> Iterator[Page]:
    """Yield the project's own saved pages."""
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        truth = Truth(
            publisher="",
            title=row["title"],
            date=row["date"],
            authors=tuple(row["authors"]),
            text="\n".join(row["paragraphs"]),
            standfirst=row["lede"],
        )
        yield Page(name=row["file"], url=row["url"], body=(folder / row["file"]).read_bytes(), truth=truth)


def measured_pages(folder: Path) -> Iterator[Page]:
    """Yield the pages of a measuring set: ``manifest.jsonl`` beside the files."""
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        given: dict[str, Any] = row["truth"]
        text = given.get("text_raw") or "\n".join(given.get("text") or ())
        truth = Truth(
            publisher=row["publisher"],
            title=given.get("title"),
            date=given.get("date"),
            authors=None if given.get("authors") is None else tuple(given["authors"]),
            text=text or None,
            standfirst="\n".join(given.get("lede") or ()),
            neutral=(*(given.get("optional") or ()), *(given.get("caption") or ())),
        )
        body = (folder / row["file"]).read_bytes()
        yield Page(name=f"{row['id']} {row['publisher']}", url=row["url"] or "", body=body, truth=truth)
