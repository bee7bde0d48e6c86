"""Dates that a sentence states, and whether they lie too far back to be news."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

#: an act dated longer before publication than this is background
RECENT = timedelta(days=14)
#: a day without a year that would lie further ahead than this was last year's
_AHEAD_DAYS = 45

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("janvier", "january", "janv", "jan", "январь", "января", "январе", "يناير"),
            ("fevrier", "february", "fev", "feb", "февраль", "февраля", "феврале", "فبراير", "شباط"),
            ("mars", "march", "март", "марта", "марте", "مارس", "اذار"),
            ("avril", "april", "avr", "apr", "апрель", "апреля", "апреле", "ابريل", "نيسان"),
            ("mai", "may", "маи", "мая", "мае", "مايو", "ايار"),
            ("juin", "june", "июнь", "июня", "июне", "يونيو", "حزيران"),
            ("juillet", "july", "июль", "июля", "июле", "يوليو", "تموز"),
            ("aout", "august", "aug", "август", "августа", "августе", "اغسطس"),
            ("septembre", "september", "sept", "sep", "сентябрь", "сентября", "сентябре", "سبتمبر", "ايلول"),
            ("octobre", "october", "oct", "октябрь", "октября", "октябре", "اكتوبر"),
            ("novembre", "november", "nov", "ноябрь", "ноября", "ноябре", "نوفمبر"),
            ("decembre", "december", "dec", "декабрь", "декабря", "декабре", "ديسمبر"),
        ),
        start=1,
    )
    for name in names
}
#: a bare year or month counts after one of these: « en 2020 », "in August", « fin 2021 »
_BEFORE = frozenset(
    """
    en in depuis since debut fin mi early late mid annee year ete ce
    в во с начале конце летом осенью веснои зимои في عام العام سنه منذ خلال نهايه بدايه
    """.split()  # noqa: SIM905 (words, not code)
)
#: and after these with or without « de » or "of": « au printemps 2019 », "in the spring of 2019"
_SEASONS = frozenset({"printemps", "ete", "automne", "hiver", "spring", "summer", "autumn", "fall", "winter"})
#: the same with « de » or "of" only: « la fin de 2022 », "the end of 2022"
_PARTS = frozenset({"fin", "debut", "milieu", "courant", "cours", "end", "beginning", "start", "middle", "course"})
_YEARS = range(1900, 2100)
#: what follows lies ahead, or belongs to a name: « d'ici le 5 », « jusqu'au 5 », "by May 5"
_AHEAD = frozenset({"ici", "jusqu", "avant", "until", "by", "before", "prochain", "next", "до", "حتي", "بحلول"})
#: the date is that of a paper, not of what happens to it: « le traité signé en 2014 », "the pact signed in 2014"
_PAPERS = frozenset(
    """
    signe signee signes signees conclu conclue conclus conclues paraphe paraphee date datant remontant ratifie ratifiee
    negocie negociee adopte adoptee noue nouee liait regissait regit protegeait
    unissait encadrait vigueur signed concluded dated dating ratified negotiated struck inked
    подписанное подписанного подписанном подписанныи заключенное заключенного заключенныи подписана подписано
    الموقع الموقعه الموقعين الموقعتين موقع موقعه المبرم المبرمه المبرمين وقعت ابرمت وقعه وقعتها
    """.split()  # noqa: SIM905 (words, not code)
)
#: « signée avec la France en 1972 »: between the paper's participle and its year stand at most so many words
_PAPER_REACH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDate:
    """A date in a text; a month or a year stands for its last day."""

    #: index of its first token
    first: int
    #: index after its last token
    last: int
    year: int | None
    month: int | None
    day: int | None

    def latest(self, published: date) -> date:
        """Return the latest day it can mean in a text of ``published``.

        A date without a year is the last such day that is not well after publication.
        """
        if self.year is not None:
            return self._last_day(self.year)
        latest = self._last_day(published.year)
        begin = latest if self.day is not None else latest.replace(day=1)
        ahead = begin.toordinal() > published.toordinal() + _AHEAD_DAYS
        return self._last_day(published.year - 1) if ahead and published.year > date.min.year else latest

    def _last_day(self, year: int) -> date:
        month = self.month or 12
        last = calendar.monthrange(year, month)[1]
        return date(year, month, min(self.day or last, last))


def _number(words: Sequence[str], at: int) -> int | None:
    if 0 <= at < len(words) and words[at].isascii() and words[at].isdigit() and len(words[at]) <= 4:
        return int(words[at])
    return None


def _around_month(words: Sequence[str], at: int) -> StatedDate | None:
    """Read the date whose month stands at ``at``: 15 août 2025, August 15, 2025, en août."""
    month = _MONTHS[words[at]]
    first, last = at, at + 1
    day = _number(words, at - 1)
    if words[at - 1 : at] == ("er",):  # 1er mai
        day, first = _number(words, at - 2), at - 1
    if day is not None and 1 <= day <= 31:
        first -= 1
    else:
        day, first = None, at
        after = _number(words, at + 1)
        if after is not None and 1 <= after <= 31:
            day, last = after, at + 2
            if words[last : last + 1] in (("st",), ("nd",), ("rd",), ("th",)):
                last += 1
    year = _number(words, last)
    if year is not None and year in _YEARS:
        last += 1
    else:
        year = None
    before = words[first - 1] if first else ""
    named = before in _BEFORE or words[max(0, first - 2) : first] in (("mois", "d"), ("mois", "de"))
    if day is None and year is None and not named:
        return None  # « mars » the planet, "may" the verb
    return StatedDate(first=first, last=last, year=year, month=month, day=day)


def _bare_year(words: Sequence[str], at: int) -> StatedDate | None:
    """Read a year that is a time and not part of a name (« l'accord de 2014 »), with the season before it."""
    year = _number(words, at)
    if year is None or year not in _YEARS:
        return None
    if at and words[at - 1] == "s":  # "Mali's 2022 ban"
        return StatedDate(first=at, last=at + 1, year=year, month=None, day=None)
    linked = at > 1 and words[at - 1] in {"de", "of"}
    season = at - 1 - linked
    parts = _SEASONS | _PARTS if linked else _SEASONS
    if at and words[season] in parts:
        return StatedDate(first=season, last=at + 1, year=year, month=None, day=None)
    if not at or words[at - 1] in _BEFORE:
        return StatedDate(first=at, last=at + 1, year=year, month=None, day=None)
    return None


def find_dates(words: Sequence[str], first: int, last: int) -> tuple[StatedDate, ...]:
    """Return the past-looking dates that ``words[first:last]`` state.

    Deadlines (« d'ici au 5 mai », "until May 5") are left out, and so is a date that names a thing
    rather than a time (« l'accord de 2014 », « signé en 2014 »).
    """
    sentence = tuple(words[first:last])
    dates: list[StatedDate] = []
    if _MONTHS.keys().isdisjoint(sentence) and not any(map(str.isdigit, sentence)):
        return ()
    at = 0
    while at < len(sentence):
        found = _around_month(sentence, at) if sentence[at] in _MONTHS else _bare_year(sentence, at)
        at = found.last if found else at + 1
        leading = set(sentence[max(0, found.first - 3) : found.first]) if found else set()
        papers = set(sentence[max(0, found.first - _PAPER_REACH) : found.first]) if found else set()
        if found and not (_AHEAD & leading or _PAPERS & papers):
            dates.append(
                StatedDate(
                    first=found.first + first,
                    last=found.last + first,
                    year=found.year,
                    month=found.month,
                    day=found.day,
                )
            )
    return tuple(dates)


def is_background(stated: StatedDate, published: date | None) -> bool:
    """Say whether a stated date is too old to be the news of a text.

    Without a publication date only a bare year tells: news of the day does not say « en 2020 ».
    Nor does it say « en août » once August is over: a month without a day counts from its end.
    """
    if published is None:
        return stated.year is not None and stated.month is None
    recent = RECENT.days if stated.day is not None else 0
    return stated.latest(published).toordinal() < published.toordinal() - recent
