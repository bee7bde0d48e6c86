"""The demo's script: who publishes what, and when, loaded from TOML and checked.

Article files hold ``[[article]]`` tables. A verbatim copy gives only its own title and standfirst and
takes its body from the article that ``copy_of`` names, minus ``drop_paragraphs`` (counted from 1), plus
``add_paragraph``.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.types import Status, utc
from vigie.demo.errors import ScriptError

_FOLDER = Path(__file__).parent
OUTLETS_FILE = _FOLDER / "outlets.toml"
ARTICLES_FOLDER = _FOLDER / "articles"
PAGES_FOLDER = _FOLDER / "pages"

#: a pause of the scenario longer than this counts as this much in compressed time
LONGEST_PAUSE = timedelta(minutes=30)
#: articles of one instant still come one after the other
SHORTEST_PAUSE = timedelta(minutes=5)


class Kind(StrEnum):
    """What an article is for in the scenario."""

    #: carries a diplomatic act as its news
    ACT = "act"
    #: verbatim or shortened copy of another article
    COPY = "copy"
    #: follow-up, analysis or rumour without a new act
    BACKGROUND = "background"
    #: says that something did not happen
    DENIAL = "denial"
    #: an agency corrects itself
    CORRECTION = "correction"
    #: sport, culture, local news
    NOISE = "noise"
    #: a diplomatic act between other states
    OTHER_PAIR = "other_pair"
    #: an anniversary article
    RETROSPECTIVE = "retrospective"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A signal that a careful reader finds in the article; the list names the news, not every mention.

    ``sever_relations`` is mutual where the text says so: either order of the two states is right then.
    """

    type: str
    actor: str | None
    target: str | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutlet:
    """An invented outlet and the way it prints."""

    id: str
    name: str
    tagline: str
    #: ISO 3166-1 alpha-3
    country: str
    #: ISO 639-1
    language: str
    #: page template, ``pages/<page>.html``
    page: str
    #: ``rss`` or ``atom``
    feed: str
    #: port counted from the newsroom's base port, when it has one
    port_offset: int
    timezone: ZoneInfo
    state_affiliation: str | None = None
    #: ``house`` as written, ``swiss`` (no space inside guillemets) or ``plain`` (typewriter marks)
    typography: str = "house"
    #: character encoding of the pages
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoArticle:
    """One article of the scenario, its body complete even when it is a copy."""

    #: id of the outlet
    outlet: str
    #: unique over all outlets; the last part of the address
    slug: str
    #: scenario time, UTC
    published: datetime
    title: str
    lede: str
    paragraphs: tuple[str, ...]
    kind: Kind
    authors: tuple[str, ...] = ()
    #: agency credit printed at the end, such as ``(afl)``
    credit: str = ""
    copy_of: str | None = None
    expect: tuple[Expectation, ...] = ()

    @property
    def path(self) -> str:
        """The address inside the outlet's site."""
        return f"/articles/{self.slug}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Everything the newsroom plays, articles in order of scenario time."""

    outlets: tuple[DemoOutlet, ...]
    articles: tuple[DemoArticle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """When an article comes out in compressed time."""

    #: seconds from the start of the replay
    offset: float
    article: DemoArticle


# --- the files' form ---------------------------------------------------------------------------

_Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_Line = Annotated[str, Field(min_length=1, pattern=r"^\S[^\n]*$")]
_State = Annotated[str, Field(pattern=r"^([A-Z]{3}|UN|EU|AU|ECOWAS|AES)$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Form = TypeVar("_Form", bound=_Entry)


class _OutletEntry(_Entry):
    id: _Name
    name: _Line
    tagline: _Line
    country: _State
    language: Literal["fr", "en"]
    page: _Name
    feed: Literal["rss", "atom"]
    port_offset: Annotated[int, Field(ge=0, le=99)]
    timezone: str
    state_affiliation: str | None = None
    typography: Literal["house", "swiss", "plain"] = "house"
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"


class _ExpectEntry(_Entry):
    type: str
    actor: _State | None = None
    target: _State | None = None
    status: Status


class _ArticleEntry(_Entry):
    outlet: _Name
    slug: _Name
    published: datetime
    title: _Line
    lede: str = ""
    kind: Kind
    authors: tuple[_Line, ...] = ()
    credit: str = ""
    body: str = ""
    copy_of: _Name | None = None
    drop_paragraphs: tuple[int, ...] = ()
    add_paragraph: str = ""
    expect: tuple[_ExpectEntry, ...] = ()


def _read(file: Path, table: str) -> list[dict[str, Any]]:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptError(f"not valid TOML: {error}", file=file) from error
    except OSError as error:
        raise ScriptError(f"cannot be read: {error.strerror}", file=file) from error
    entries = content.get(table)
    if set(content) != {table} or not isinstance(entries, list):
        raise ScriptError(f"must hold [[{table}]] tables and nothing else", file=file)
    return entries


def _validated(model: type[_Form], raw: dict[str, Any], file: Path, key: str) -> _Form:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'entry'}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise ScriptError(faults, file=file, entry=str(raw.get(key, "?"))) from error


def load_outlets(file: Path = OUTLETS_FILE) -> tuple[DemoOutlet, ...]:
    """Return the outlets in file order.

    Raises:
        ScriptError: the file is not valid, or an id or a port offset stands twice.
    """
    outlets: list[DemoOutlet] = []
    for raw in _read(file, "outlet"):
        entry = _validated(_OutletEntry, raw, file, "id")
        fields = entry.model_dump()
        try:
            zone = ZoneInfo(fields.pop("timezone"))
        except (KeyError, ValueError) as error:
            raise ScriptError("timezone: give a name of the tz database", file=file, entry=entry.id) from error
        if any(known.id == entry.id or known.port_offset == entry.port_offset for known in outlets):
            raise ScriptError("id or port_offset is used twice", file=file, entry=entry.id)
        if not (PAGES_FOLDER / f"{entry.page}.html").is_file():
            raise ScriptError(f"page: there is no pages/{entry.page}.html", file=file, entry=entry.id)
        outlets.append(DemoOutlet(timezone=zone, **fields))
    return tuple(outlets)


def _paragraphs(body: str) -> tuple[str, ...]:
    blocks = re.split(r"\n[ \t]*\n", body.strip())
    return tuple(" ".join(block.split("\n")).strip() for block in blocks if block.strip())


def _copied(entry: _ArticleEntry, original: DemoArticle, file: Path) -> tuple[str, ...]:
    if entry.body:
        raise ScriptError("a copy takes its body from the original; remove body", file=file, entry=entry.slug)
    beyond = [number for number in entry.drop_paragraphs if not 1 <= number <= len(original.paragraphs)]
    if beyond:
        last = len(original.paragraphs)
        raise ScriptError(f"drop_paragraphs: {beyond} are not in 1..{last}", file=file, entry=entry.slug)
    kept = [text for number, text in enumerate(original.paragraphs, 1) if number not in entry.drop_paragraphs]
    return (*kept, *_paragraphs(entry.add_paragraph))


def _article(entry: _ArticleEntry, known: dict[str, DemoArticle], file: Path) -> DemoArticle:
    def fault(message: str) -> ScriptError:
        return ScriptError(message, file=file, entry=entry.slug)

    if (entry.kind is Kind.COPY) != (entry.copy_of is not None):
        raise fault("kind = “copy” and copy_of go together")
    if entry.published.tzinfo is None:
        raise fault("published: state the zone, as in 2025-09-19T09:30:00Z")
    published, paragraphs, credit = utc(entry.published), _paragraphs(entry.body), entry.credit
    if entry.copy_of is not None:
        original = known.get(entry.copy_of)
        if original is None or original.published > published:
            raise fault(f"copy_of: “{entry.copy_of}” is no article published before")
        paragraphs, credit = _copied(entry, original, file), credit or original.credit
    if not paragraphs:
        raise fault("body: an article needs at least one paragraph")
    return DemoArticle(
        outlet=entry.outlet,
        slug=entry.slug,
        published=published,
        title=entry.title,
        lede=entry.lede,
        paragraphs=paragraphs,
        kind=entry.kind,
        authors=entry.authors,
        credit=credit,
        copy_of=entry.copy_of,
        expect=tuple(Expectation(**expected.model_dump()) for expected in entry.expect),
    )


def load_articles(outlets: Iterable[DemoOutlet], folder: Path = ARTICLES_FOLDER) -> tuple[DemoArticle, ...]:
    """Return all articles of the folder's ``*.toml`` files in order of scenario time.

    Raises:
        ScriptError: a file is not valid, a slug stands twice, an outlet is unknown, or a copy has no
            original published before it.
    """
    names = {outlet.id for outlet in outlets}
    entries: list[tuple[_ArticleEntry, Path]] = []
    places: dict[str, Path] = {}
    for file in sorted(folder.glob("*.toml")):
        for raw in _read(file, "article"):
            entry = _validated(_ArticleEntry, raw, file, "slug")
            if entry.slug in places:
                where = places[entry.slug].name
                raise ScriptError(f"slug is already used in {where}", file=file, entry=entry.slug)
            if entry.outlet not in names:
                raise ScriptError(f"outlet: “{entry.outlet}” is unknown", file=file, entry=entry.slug)
            places[entry.slug] = file
            entries.append((entry, file))
    known: dict[str, DemoArticle] = {}
    # Originals first at equal times: a copy may come out in the same minute.
    entries.sort(key=lambda pair: (pair[0].published.timestamp(), pair[0].kind is Kind.COPY, pair[0].slug))
    for entry, file in entries:
        known[entry.slug] = _article(entry, known, file)
    return tuple(known.values())


def load_script() -> Script:
    """Return the script that ships with Vigie.

    Raises:
        ScriptError: the data is not valid.
    """
    outlets = load_outlets()
    return Script(outlets=outlets, articles=load_articles(outlets))


def timeline(articles: Sequence[DemoArticle], duration_seconds: float) -> tuple[Publication, ...]:
    """Spread the articles over ``duration_seconds``, in order of scenario time.

    The first comes out at 0, the last at the end. Distances follow the scenario, save that a pause
    longer than :data:`LONGEST_PAUSE` counts as that much: quiet weeks pass in a moment.

    Raises:
        ValueError: the duration is negative or not finite.
    """
    if not 0 <= duration_seconds < math.inf:
        raise ValueError(f"the duration must be finite and not negative, {duration_seconds} was given")
    ordered = sorted(articles, key=lambda article: article.published)
    moments = [timedelta(0)]
    for earlier, later in pairwise(ordered):
        pause = min(max(later.published - earlier.published, SHORTEST_PAUSE), LONGEST_PAUSE)
        moments.append(moments[-1] + pause)
    total = moments[-1] or timedelta(seconds=1)
    return tuple(
        Publication(offset=moment / total * duration_seconds, article=article)
        for moment, article in zip(moments, ordered, strict=False)
    )
