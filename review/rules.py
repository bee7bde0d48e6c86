"""The pages for rules of one's own: made from a sentence of an article, checked, tried, in use within seconds."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from detection.countries import state_words
from detection.taxonomy import event_types
from review.bench import Bench, RuleTrial
from review.changing import Changing
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields, one_line
from review.paging import read_id
from review.room import Room
from review.rule_draft import LONGEST_SELECTION, Draft, draft, sentence_of, type_of
from review.watch_form import DAYS, USUAL_DAYS
from review.watches import FRAGMENT, NEW
from storage import articles, rule_edits, verdicts
from storage.rule_edits import RuleEdit
from storage.types import Role

#: bytes of the form
LARGEST = 96 * 1024
#: what a rule is made of that no article gives
EMPTY = Draft(
    name="",
    text="""language = "fr"

[[rule]]
id = "own.example"
type = "expel_diplomats"
match = ["~chasser .. ambassadeur(s) <= 8"]
test = [
  { text = "Le Mali chasse l'ambassadeur de France.", actor = "MLI", target = "FRA" },
]
""",
)


def rules_routes(room: Room, changing: Changing, bench: Bench) -> APIRouter:
    """Return the routes of the pages for rules.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, the pages only show.
        bench: compiles and tries rules.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    pages = _Pages(room, bench)

    @router.get("/rules")
    def list_rules(request: Request) -> HTMLResponse:
        return pages.listing(request)

    @router.get("/rules/{name}")
    def one_rule(request: Request, name: str) -> HTMLResponse:
        return pages.edit(request, name)

    @router.get("/rules/{name}/backtests/{number}")
    def one_backtest(request: Request, name: str, number: str) -> HTMLResponse:
        return pages.backtest(request, name, number)

    if changing.able:
        _add_forms(router, changing, pages)
        _add_backtests(router, changing, pages)
    return router


def _add_forms(router: APIRouter, changing: Changing, pages: _Pages) -> None:
    @router.post("/rules/{name}/check")
    async def check(request: Request, name: str) -> Response:
        answer = partial(pages.checked, request, name)
        return await changing.asked(request, answer=answer, role=Role.EDITOR, largest=LARGEST)

    @router.post("/rules/{name}")
    async def save(request: Request, name: str) -> Response:
        show = partial(pages.edit, request, name)
        # "rule NAME is saved as version N"
        return await changing.form(
            request, work=partial(pages.wanted, name), show=show, role=Role.EDITOR, largest=LARGEST,
            then=lambda done: f"/rules/{done.split()[1]}?saved=1",
        )  # fmt: skip

    @router.post("/rules/{name}/switch")
    async def switch(request: Request, name: str) -> Response:
        return await changing.form(
            request, work=partial(pages.switched, name), show=partial(pages.edit, request, name), role=Role.EDITOR,
            then=f"/rules/{name}",
        )  # fmt: skip

    @router.post("/rules/{name}/delete")
    async def drop(request: Request, name: str) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            return "drop_rule", {"rule": name, "base": _number(fields.get("base", ""))}

        show = partial(pages.edit, request, name)
        return await changing.form(request, work=work, show=show, role=Role.EDITOR, then="/rules")


def _add_backtests(router: APIRouter, changing: Changing, pages: _Pages) -> None:
    @router.post("/rules/{name}/backtests")
    async def start(request: Request, name: str) -> Response:
        named = name

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            nonlocal named
            change, given = pages.trial(name, fields)
            named = str(given["rule"])
            return change, given

        return await changing.form(
            request, work=work, show=partial(pages.edit, request, name), role=Role.EDITOR, largest=LARGEST,
            then=lambda done: f"/rules/{named}/backtests/{done}",
        )  # fmt: skip

    @router.post("/rules/{name}/backtests/{number}/stop")
    async def stop(request: Request, name: str, number: str) -> Response:
        def work(_: Fields) -> tuple[str, dict[str, Any]]:
            return "stop_backtest", {"number": _number(number)}

        return await changing.form(
            request, work=work, role=Role.EDITOR, then=f"/rules/{name}/backtests/{_number(number)}"
        )


class _Pages:
    """Renders the pages, and reads what their forms want."""

    def __init__(self, room: Room, bench: Bench) -> None:
        self._room = room
        self._bench = bench

    # --- shown ------------------------------------------------------------------------------------

    def listing(self, request: Request) -> HTMLResponse:
        with self._room.readers.reading() as database:
            rows = [row for row in rule_edits.latest(database) if row.text is not None]
            looked = {row.name: self._bench.check_rule(row.name, row.text or "", whole=False) for row in rows}
            return self._room.page(
                request, "rules.html", database=database, rows=rows, looked=looked,
                refused=self._bench.refused_rules(), labels={one.name: one for one in verdicts.by_rule(database)},
            )  # fmt: skip

    def edit(
        self,
        request: Request,
        name: str,
        *,
        given: Fields | None = None,
        trial: RuleTrial | None = None,
        status: int = 200,
        **context: Any,
    ) -> HTMLResponse:
        """Show a rule file with its form: as it stands, as a draft of a selection, or as somebody just wrote it."""
        with self._room.readers.reading() as database:
            known = self._known(name, rule_edits.one(database, name))
            begun = self._begun(request, name, known)
            article_id = read_id(request.query_params.get("article", ""))
            if given and "text" in given:
                begun = Draft(name=_name(name, given), text=_text(given))
                article_id = read_id(given.get("article", ""))
                trial = trial or self._bench.check_rule(begun.name, begun.text, whole=False)
            return self._room.page(
                request, "rule.html", database=database, status=status, known=known, name_=name, new=known is None,
                begun=begun, trial=trial, article_id=article_id,
                refused=self._bench.refused_rules().get(name),
                history=rule_edits.history(database, name) if known else [],
                runs=self._bench.runs(f"rule:{name}"), days=DAYS, usual_days=USUAL_DAYS,
                saved="saved" in request.query_params,
                **{"given": given or {}, **context},
            )  # fmt: skip

    def _begun(self, request: Request, name: str, known: RuleEdit | None) -> Draft:
        number = read_id(request.query_params.get("from", ""))
        run = self._bench.run(number) if number is not None else None
        if run is not None and run.about.startswith("rule:") and name in {NEW, run.tried.get("rule")}:
            return Draft(name=str(run.tried.get("rule", "")), text=str(run.tried.get("text", "")))
        if known is not None:
            return Draft(name=name, text=known.text or "")
        return self._drafted(request)

    def _drafted(self, request: Request) -> Draft:
        """Return a draft of what somebody chose in an article."""
        asked = request.query_params
        selection = one_line(asked.get("text", ""), LONGEST_SELECTION)
        article_id = read_id(asked.get("article", ""))
        if article_id is None and not selection:
            return EMPTY
        text, language, guessed = "", "fr", None
        if article_id is not None:
            with self._room.readers.reading() as database:
                stored = articles.get(database, article_id)
                text, language = f"{stored.title}\n{stored.text}", stored.language or "fr"
                sentence = sentence_of(text, selection)
                guessed = type_of(articles.signals(database, stored.revision_id), sentence)
        else:
            sentence = selection
        wanted = asked.get("type", "")
        kind = wanted if wanted in event_types() else guessed or next(iter(event_types()))
        return draft(
            selection, sentence, language=language, event_type=kind, names=state_words(), article_id=article_id
        )

    def checked(self, request: Request, name: str, fields: Fields) -> HTMLResponse:
        """Show what a rule file comes to: its form while somebody writes, all of it when they ask."""
        fragment = bool(request.headers.get(FRAGMENT))
        trial = self._bench.check_rule(_name(name, fields), _text(fields), whole=not fragment)
        if fragment:
            return self._room.page(request, "rule_check.html", database=None, trial=trial)
        return self.edit(request, name, given=fields, trial=trial)

    def backtest(self, request: Request, name: str, number: str) -> HTMLResponse:
        run = self._bench.run(_number(number))
        if run is None or run.about != f"rule:{name}":
            raise PageNotFoundError(f"no backtest {number} of rule {name} is kept")
        with self._room.readers.reading() as database:
            known = rule_edits.one(database, name)
            there = known is not None and known.text is not None
            page = f"/rules/{name if there else NEW}"
            return self._room.page(
                request, "backtest.html", database=database, run=run, back=page if there else "/rules",
                again=f"{page}?from={run.number}", section="rules", stop=f"/rules/{name}/backtests/{run.number}/stop",
            )  # fmt: skip

    # --- wanted -----------------------------------------------------------------------------------

    def wanted(self, name: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        """Read a version to be saved: only one that compiles and passes its tests."""
        named, text = _name(name, fields), _text(fields)
        with self._room.readers.reading() as database:
            known = rule_edits.one(database, named)
        if name == NEW and known is not None and known.text is not None:
            raise FaultError("rule_exists", named)
        trial = self._bench.check_rule(named, text, whole=True)
        if trial.faults:
            raise FaultError("rule_faults", "; ".join(_told(fault.line, fault.message) for fault in trial.faults[:3]))
        base = known.version if name == NEW and known is not None else _number(fields.get("base", ""))
        return "save_rule", {
            "rule": named, "text": text, "base": base, "enabled": known.enabled if known and known.text else True,
            "article": read_id(fields.get("article", "")),
        }  # fmt: skip

    def switched(self, name: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        """Read whether a file is to be switched on or off; its text stays."""
        with self._room.readers.reading() as database:
            known = self._known(name, rule_edits.one(database, name))
        if known is None:
            raise PageNotFoundError(f"there is no rule {name!r}")
        return "save_rule", {
            "rule": name, "text": known.text, "base": _number(fields.get("base", "")),
            "enabled": fields.get("enabled") == "1", "article": known.article_id,
        }  # fmt: skip

    def trial(self, name: str, fields: Fields) -> tuple[str, dict[str, Any]]:
        """Read a backtest to be started."""
        named, text = _name(name, fields), _text(fields)
        trial = self._bench.check_rule(named, text, whole=True)
        if trial.faults:
            raise FaultError("rule_faults", "; ".join(_told(fault.line, fault.message) for fault in trial.faults[:3]))
        days = fields.get("days", "")
        if not days.isascii() or not days.isdigit() or int(days) not in DAYS:
            raise FaultError("backtest_days")
        return "start_rule_backtest", {"rule": named, "text": text, "days": int(days)}

    def _known(self, name: str, found: RuleEdit | None) -> RuleEdit | None:
        if name == NEW:
            return None
        if found is None or found.text is None:
            raise PageNotFoundError(f"there is no rule {name!r}")
        return found


def _told(line: int | None, message: str) -> str:
    return message if line is None else f"{line}: {message}"


def _name(name: str, fields: Fields) -> str:
    return fields.get("name", "").strip() if name == NEW else name


def _text(fields: Fields) -> str:
    return fields.get("text", "").replace("\r\n", "\n").replace("\r", "\n")


def _number(text: str) -> int:
    found = 0 if text in {"", "0"} else read_id(text)
    if found is None:
        raise PageNotFoundError(f"{text[:40]!r} is no number")
    return found
