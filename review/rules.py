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
from review.editing import FRAGMENT, NEW, Editor, Wanted, days_of, editor_routes, number_of
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields, one_line
from review.paging import read_id
from review.room import Room
from review.rule_draft import LONGEST_SELECTION, Draft, draft, sentence_of, type_of
from review.watch_form import DAYS, USUAL_DAYS
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
    pages = _Pages(room, bench)
    router = editor_routes(pages, changing)
    if changing.able:

        @router.post("/rules/{name}/delete")
        async def drop(request: Request, name: str) -> Response:
            def work(fields: Fields) -> Wanted:
                return "drop_rule", {"rule": name, "base": number_of(fields.get("base", ""))}

            show = partial(pages.edit, request, name)
            return await changing.form(request, work=work, show=show, role=Role.EDITOR, then="/rules")

    return router


class _Pages(Editor):
    """Renders the pages of rules, and reads what their forms want."""

    kind = "rule"
    root = "/rules"
    largest = LARGEST

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
        tried = self.tried(request, name)
        if tried is not None:
            return Draft(name=str(tried.get("rule", "")), text=str(tried.get("text", "")))
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
        run = self.run(name, number)
        with self._room.readers.reading() as database:
            known = rule_edits.one(database, name)
            there = known is not None and known.text is not None
            page = f"/rules/{name if there else NEW}"
            return self._room.page(
                request, "backtest.html", database=database, run=run, back=page if there else "/rules",
                again=f"{page}?from={run.number}", section="rules", stop=f"/rules/{name}/backtests/{run.number}/stop",
            )  # fmt: skip

    # --- wanted -----------------------------------------------------------------------------------

    def wanted(self, name: str, fields: Fields) -> Wanted:
        """Read a version to be saved: only one that compiles and passes its tests."""
        named, text = _name(name, fields), _text(fields)
        with self._room.readers.reading() as database:
            known = rule_edits.one(database, named)
        if name == NEW and known is not None and known.text is not None:
            raise FaultError("rule_exists", named)
        self._passing(named, text)
        base = known.version if name == NEW and known is not None else number_of(fields.get("base", ""))
        return "save_rule", {
            "rule": named, "text": text, "base": base, "enabled": known.enabled if known and known.text else True,
            "article": read_id(fields.get("article", "")),
        }  # fmt: skip

    def switched(self, name: str, fields: Fields) -> Wanted:
        """Read whether a file is to be switched on or off; its text stays."""
        with self._room.readers.reading() as database:
            known = self._known(name, rule_edits.one(database, name))
        if known is None:
            raise PageNotFoundError(f"there is no rule {name!r}")
        return "save_rule", {
            "rule": name, "text": known.text, "base": number_of(fields.get("base", "")),
            "enabled": fields.get("enabled") == "1", "article": known.article_id,
        }  # fmt: skip

    def trial(self, name: str, fields: Fields) -> Wanted:
        """Read a backtest to be started."""
        named, text = _name(name, fields), _text(fields)
        self._passing(named, text)
        return "start_rule_backtest", {"rule": named, "text": text, "days": days_of(fields)}

    def _passing(self, named: str, text: str) -> None:
        trial = self._bench.check_rule(named, text, whole=True)
        if trial.faults:
            raise FaultError("rule_faults", "; ".join(_told(fault.line, fault.message) for fault in trial.faults[:3]))

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
