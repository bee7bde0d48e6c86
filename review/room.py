"""What every page shares: settings, the archive's readers, the clock, who reads and in which language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from sqlite_utils import Database

from detection.compiler import RuleSet
from review.access import NOBODY, PERSON, REASON, Reason
from review.filters import DeskFilter
from review.forms import LONGEST_NAME, LONGEST_REASON, Forms, remembered_name
from review.health import ReadinessCheck
from review.looks import CHOICES, chosen_language, looks, remember
from review.moments import Moments
from review.readers import Readers
from review.rendering import language_link
from review.sections import sections_for
from review.settings import LANGUAGES, ReviewSettings
from review.standing import judge_overview
from review.wording import Words, words
from storage.last_deliveries import last_deliveries
from storage.overview import overview
from storage.reading import StoryFilter
from storage.types import Person, Role

#: characters of a part of an address that links carry on: the longest search, its name, and some
_LONGEST_PART = 2_100


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything a page needs beside the request."""

    settings: ReviewSettings
    readers: Readers
    readiness: ReadinessCheck
    templates: Environment
    now: Callable[[], datetime]
    #: makes the tokens of forms
    forms: Forms
    #: whether anything can be changed
    able: bool = False
    #: the rules in use, to say how an article was read
    rules: Callable[[], RuleSet] | None = None

    def language(self, request: Request) -> str:
        """Return the language a reader chose, else the configured one."""
        return chosen_language(request) or self.settings.language

    def words(self, request: Request) -> Words:
        """Return the interface texts for a reader."""
        return words(self.language(request))

    def who(self, request: Request) -> Person:
        """Return who asks, as whoever stands before the pages knew them (:mod:`review.doorkeeper`)."""
        known = request.scope.get(PERSON)
        return known if isinstance(known, Person) else NOBODY

    def asked(self, wanted: DeskFilter, person: Person) -> StoryFilter:
        """Return what to ask the archive for a page of the desk as somebody sees it now."""
        return wanted.for_archive(self.now(), zone=self.settings.zone(), person_id=person.id, shift=self.settings.shift)

    def page(
        self, request: Request, template: str, *, database: Database | None, status: int = 200, **context: object
    ) -> HTMLResponse:
        """Render a page.

        Args:
            request: what was asked for.
            template: file name of the template.
            database: the archive for the trust strip, or None to leave the strip out.
            status: HTTP status.
            context: values of the template; they go before those that every page has.
        """
        text, now = self.words(request), self.now()
        strip = None if database is None else overview(database, now)
        carried = _carried(request)
        parameters = {name: value for name, value in carried if name not in CHOICES}
        person, seed = self.who(request), self.forms.seed(request)
        response = HTMLResponse(
            self.templates.get_template(template).render(
                t=text,
                lang=text.language,
                moments=Moments(zone=self.settings.zone(), words=text, now=now),
                now=now,
                settings=self.settings,
                strip=strip,
                levels=None if strip is None else judge_overview(strip, now),
                last_deliveries=() if database is None else last_deliveries(database, self.settings.channels),
                languages=[
                    (code, words(code)("language"), language_link(request.url.path, parameters, code))
                    for code in LANGUAGES
                ],
                **{
                    "person": person,
                    "first_run": request.scope.get(REASON) is Reason.AT_THE_MACHINE,
                    "may": lambda role: person.role.covers(Role(role)),
                    "sections": () if person is NOBODY else sections_for(person.role),
                    "able": self.able,
                    "token": self.forms.token(seed),
                    "path": request.url.path,
                    "looks": looks(request),
                    "query": [(name, value) for name, value in carried if name not in {*CHOICES, "lang"}],
                    "here": _here(request),
                    "headlines": {},
                    "name": remembered_name(request),
                    "given": {},
                    "fault": None,
                    "detail": None,
                    "longest_name": LONGEST_NAME,
                    "longest_reason": LONGEST_REASON,
                    **context,
                },
            ),
            status_code=status,
        )
        self.forms.keep(request, response, seed)
        remember(request, response, secure=self.settings.secure)
        return response


def _carried(request: Request) -> list[tuple[str, str]]:
    """Return the parts of an address that links of its page may carry on: nothing reads one that is longer."""
    return [pair for pair in request.query_params.multi_items() if sum(map(len, pair)) <= _LONGEST_PART]


def _here(request: Request) -> str:
    """Return the address of this page, for forms that lead back to it."""
    query = request.url.query
    if len(query) > _LONGEST_PART:
        query = urlencode(_carried(request))
    return f"{request.url.path}?{query}" if query else request.url.path
