"""The pages for watches: which there are, what each asks for, how it is edited and tried.

Editors change a watch; the change is a version in the archive and holds from the next article on. A definition is held
to the rules of the configuration file and to the watch's own examples, at each check and before it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from review.bench import Bench, Definition, Standing, Trial
from review.changing import Changing
from review.editing import FRAGMENT, NEW, Editor, Wanted, days_of, editor_routes, number_of
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields
from review.room import Room
from review.watch_form import DAYS, LARGEST, USUAL_DAYS, definition_of, form_of
from storage import articles, verdicts, watch_edits
from storage.types import Role, Status

#: how far back the list counts alerts
_LATELY = timedelta(days=7)


def watches_routes(room: Room, changing: Changing, bench: Bench) -> APIRouter:
    """Return the routes of the pages for watches.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, the pages only show.
        bench: knows the configuration and tries definitions.
    """
    pages = _Pages(room, bench)
    router = editor_routes(pages, changing)
    if changing.able:
        _add_revert(router, changing, pages)
        _add_examples(router, changing, pages)
    return router


def _add_revert(router: APIRouter, changing: Changing, pages: _Pages) -> None:
    @router.post("/watches/{watch_id}/revert")
    async def revert(request: Request, watch_id: str) -> Response:
        def work(fields: Fields) -> Wanted:
            return "revert_watch", {"watch": watch_id, **_seen(fields)}

        show = partial(pages.edit, request, watch_id)
        return await changing.form(request, work=work, show=show, role=Role.EDITOR, then="/watches")


def _add_examples(router: APIRouter, changing: Changing, pages: _Pages) -> None:
    @router.post("/watches/{watch_id}/examples")
    async def add(request: Request, watch_id: str) -> Response:
        show = partial(pages.edit, request, watch_id)
        return await changing.form(
            request, work=partial(pages.example, watch_id), show=show, role=Role.EDITOR, largest=LARGEST,
            then=f"/watches/{watch_id}#examples",
        )  # fmt: skip

    @router.post("/watches/{watch_id}/examples/{number}/delete")
    async def drop(request: Request, watch_id: str, number: str) -> Response:
        def work(_: Fields) -> Wanted:
            return "drop_example", {"watch": watch_id, "example": number_of(number)}

        return await changing.form(request, work=work, role=Role.EDITOR, then=f"/watches/{watch_id}#examples")

    @router.post("/articles/{article_id}/example")
    async def keep(request: Request, article_id: str) -> Response:
        work = partial(pages.article_example, article_id)
        return await changing.form(request, work=work, role=Role.EDITOR, then=f"/articles/{article_id}")


class _Pages(Editor):
    """Renders the pages of watches, and reads what their forms want."""

    kind = "watch"
    root = "/watches"
    largest = LARGEST

    # --- shown ------------------------------------------------------------------------------------

    def listing(self, request: Request) -> HTMLResponse:
        with self._room.readers.reading() as database:
            return self._room.page(
                request,
                "watches.html",
                database=database,
                rows=self._bench.standings(database),
                lately=watch_edits.alert_counts(database, self._room.now() - _LATELY),
                labels={one.name: one for one in verdicts.by_watch(database)},
            )

    def edit(
        self,
        request: Request,
        name: str,
        *,
        given: Fields | None = None,
        trial: Trial | None = None,
        status: int = 200,
        **context: Any,
    ) -> HTMLResponse:
        """Show a watch with its form: as it stands, as a backtest had it, or as somebody just filled it in."""
        with self._room.readers.reading() as database:
            standing = self._standing(database, name)
            definition: Definition = standing.definition if standing else {}
            begun = self.tried(request, name)
            if given and "sent" in given:
                definition = definition_of(given, _id(name, given))
            elif begun is not None:
                definition = begun
            checked = bool(given and "sent" in given) or begun is not None
            examples = watch_edits.examples(database, name)
            if trial is None and (definition or examples):
                trial = self._bench.check(definition, examples)
            return self._room.page(
                request,
                "watch.html",
                database=database,
                status=status,
                standing=standing,
                watch_id=name,
                new=standing is None,
                form=form_of(definition, str(definition.get("id", "")) if standing is None else name),
                trial=trial,
                checked=checked,
                bad=frozenset(fault.key for fault in trial.checked.faults) if trial and checked else frozenset(),
                examples=examples,
                names=self._bench.names(),
                statuses=tuple(Status),
                history=watch_edits.history(database, name),
                runs=self._bench.runs(f"watch:{name}"),
                days=DAYS,
                usual_days=USUAL_DAYS,
                saved="saved" in request.query_params,
                **{"given": given or {}, **context},
            )

    def checked(self, request: Request, name: str, fields: Fields) -> HTMLResponse:
        """Show what a definition comes to, beside its form or as a fragment of it."""
        with self._room.readers.reading() as database:
            examples = watch_edits.examples(database, name)
        trial = self._bench.check(definition_of(fields, _id(name, fields)), examples)
        if request.headers.get(FRAGMENT):
            return self._room.page(request, "watch_check.html", database=None, trial=trial, checked=True)
        return self.edit(request, name, given=fields, trial=trial)

    def backtest(self, request: Request, name: str, number: str) -> HTMLResponse:
        run = self.run(name, number)
        with self._room.readers.reading() as database:
            return self._room.page(
                request, "backtest.html", database=database, run=run, watch_id=name,
                back=f"/watches/{name}", again=f"/watches/{name}?from={run.number}", section="watches",
                stop=f"/watches/{name}/backtests/{run.number}/stop",
            )  # fmt: skip

    # --- wanted -----------------------------------------------------------------------------------

    def wanted(self, name: str, fields: Fields) -> Wanted:
        """Read a version to be saved."""
        named = _id(name, fields)
        definition = definition_of(fields, named)
        with self._room.readers.reading() as database:
            trial = self._bench.check(definition, watch_edits.examples(database, named))
            standing = self._standing(database, named, missing_ok=True)
        if name == NEW and standing is not None:
            raise FaultError("watch_exists", named)
        if trial.checked.faults or trial.checked.watch is None:
            raise FaultError("watch_faults")
        failing = tuple(str(one.example.id) for one in trial.failing)
        if failing and fields.get("accept") != "1":
            raise FaultError("watch_examples", str(len(failing)))
        enabled = standing.enabled if standing is not None else True
        return "save_watch", {
            "watch": named, "definition": definition, "accepted": list(failing), "enabled": enabled, **_seen(fields)
        }  # fmt: skip

    def switched(self, name: str, fields: Fields) -> Wanted:
        """Read whether a watch is to be switched on or off; its definition stays."""
        with self._room.readers.reading() as database:
            standing = self._standing(database, name)
        if standing is None:
            raise PageNotFoundError(f"there is no watch {name!r}")
        return "save_watch", {
            "watch": name, "definition": dict(standing.definition), "enabled": fields.get("enabled") == "1",
            "base": number_of(fields.get("base", "")), "based_on": fields.get("based_on", ""),
            "accepted": list(standing.edit.accepted) if standing.edit else [],
        }  # fmt: skip

    def example(self, watch_id: str, fields: Fields) -> Wanted:
        """Read an example that somebody wrote."""
        title, text = fields.get("title", "").strip(), fields.get("text", "").replace("\r\n", "\n").strip()
        if not title and not text:
            raise FaultError("example_text")
        return "add_example", {
            "watch": self._known(watch_id), "must": fields.get("must") == "1", "title": title, "text": text
        }  # fmt: skip

    def article_example(self, article_id: str, fields: Fields) -> Wanted:
        """Read that an article is to be kept as an example."""
        with self._room.readers.reading() as database:
            stored = articles.get(database, number_of(article_id))
        return "add_example", {
            "watch": self._known(fields.get("watch", "")), "must": fields.get("must") == "1", "title": stored.title,
            "text": stored.text, "language": stored.language, "source": stored.source_id, "article": stored.id,
        }  # fmt: skip

    def trial(self, name: str, fields: Fields) -> Wanted:
        """Read a backtest to be started."""
        definition = definition_of(fields, _id(name, fields))
        if self._bench.check(definition, ()).checked.watch is None:
            raise FaultError("watch_faults")
        return "start_backtest", {"definition": definition, "days": days_of(fields), "watch": definition["id"]}

    # --- found ------------------------------------------------------------------------------------

    def _standing(self, database: Database, watch_id: str, *, missing_ok: bool = False) -> Standing | None:
        found = next((one for one in self._bench.standings(database) if one.watch_id == watch_id), None)
        if found is None and watch_id != NEW and not missing_ok:
            raise PageNotFoundError(f"there is no watch {watch_id!r}")
        return found

    def _known(self, watch_id: str) -> str:
        with self._room.readers.reading() as database:
            if all(one.watch_id != watch_id for one in self._bench.standings(database)):
                raise FaultError("no_watch")
        return watch_id


def _id(watch_id: str, fields: Mapping[str, str]) -> str:
    """Return the id of a watch; that of a new one stands in its form."""
    return fields.get("id", "").strip() if watch_id == NEW else watch_id


def _seen(fields: Fields) -> dict[str, Any]:
    """Return what the author of a change had before them."""
    return {"base": number_of(fields.get("base", "")), "based_on": fields.get("based_on", "")[:64]}
