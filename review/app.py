"""The application: pages, the JSON interface, health and figures, behind one guard."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.routing import iter_route_contexts
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from detection.compiler import RuleSet
from review.acting import acting_routes
from review.adding import adding_routes
from review.alert_list import alert_routes
from review.arranging import arranging_routes
from review.audit import audit_routes
from review.bench import BareBench, Bench
from review.bulk import bulk_routes
from review.changing import Changing, Perform
from review.charts import chart_routes
from review.doorkeeper import Doorkeeper
from review.errors import PageBusyError, PageNotFoundError, SearchTextError
from review.etags import Etags
from review.forms import Forms
from review.guard import Guard
from review.guesses import Guesses
from review.health import ReadinessCheck, judge
from review.interface import interface_routes
from review.login import login_routes
from review.me import me_routes
from review.metrics import CONTENT_TYPE, exposition
from review.news import news_routes
from review.once import Once
from review.outlets import Outlets
from review.pages import page_routes
from review.people import people_routes
from review.precision import precision_routes
from review.readers import Readers
from review.rendering import STATIC_FOLDER, environment
from review.room import Room
from review.rules import rules_routes
from review.search_help import search_help_routes
from review.settings import ReviewSettings
from review.sharing import sharing_routes
from review.snapshots import snapshot_routes
from review.sources import source_routes
from review.triage import triage_routes
from review.views import view_routes
from review.watches import watches_routes
from review.websub import PREFIX, Callback, websub_routes
from storage import alerts, overview
from storage.errors import NotFoundError, SearchError, StorageError


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: ReviewSettings,
    *,
    readiness: ReadinessCheck,
    websub: Callback | None = None,
    perform: Perform | None = None,
    bench: Bench | None = None,
    outlets: Outlets | None = None,
    rules: Callable[[], RuleSet] | None = None,
    now: Callable[[], datetime] = _utc_now,
    guesses: Guesses | None = None,
) -> FastAPI:
    """Build the application; connections to the archive open with the first page and close with the service.

    Args:
        settings: the page's part of the configuration.
        readiness: the checks behind ``/readyz``.
        websub: answers the hubs that announce feeds; None closes the address they call.
        perform: makes the changes that people ask for on the page; None only shows.
        bench: knows the configuration, for the pages that edit watches; None only shows them.
        rules: those in use, to say how an article was read; None says only what was decided.
        outlets: knows the configuration file, for the pages that add sources; None leaves them out.
        now: the clock, in UTC.
        guesses: how many passwords may be tried.
    """
    room = Room(
        settings=settings,
        readers=Readers(settings.data_folder),
        readiness=readiness,
        templates=environment(),
        now=now,
        forms=Forms(hosts=settings.hosts(), secure=settings.secure),
        able=perform is not None,
        rules=rules,
    )
    changing = Changing(room, room.forms, perform)
    guesses, once = guesses or Guesses(), Once()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            room.readers.close()

    app = FastAPI(
        title="Vigie",
        version=settings.version,
        description="What Vigie stored, detected and told. Times are UTC; lists are paged by `next`.",
        openapi_url="/api/openapi.json",
        # The documentation page loads scripts from another site, which the content policy forbids.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.include_router(page_routes(room, changing))
    app.include_router(news_routes(room))
    app.include_router(search_help_routes(room))
    app.include_router(snapshot_routes(room))
    app.include_router(alert_routes(room, changing))
    app.include_router(acting_routes(room, changing))
    app.include_router(triage_routes(room, changing))
    app.include_router(bulk_routes(room, changing))
    app.include_router(arranging_routes(room, changing))
    app.include_router(precision_routes(room))
    tried = bench or BareBench(settings.watches)
    app.include_router(watches_routes(room, changing, tried))
    app.include_router(rules_routes(room, changing, tried))
    app.include_router(login_routes(room, changing, perform, guesses))
    app.include_router(me_routes(room, changing, guesses, once))
    app.include_router(people_routes(room, changing))
    app.include_router(sharing_routes(room, changing, once))
    app.include_router(audit_routes(room))
    app.include_router(interface_routes(room, perform), prefix="/api/v1")
    app.include_router(view_routes(room, changing))
    app.include_router(chart_routes(room))
    if outlets is not None:
        app.include_router(adding_routes(room, changing, outlets))
    app.include_router(source_routes(room, changing, can_add=outlets is not None))
    _add_health(app, room)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    answer = _add_error_pages(app, room)
    if websub is not None:
        app.include_router(websub_routes(websub))
    app.add_middleware(Etags)
    app.add_middleware(
        Doorkeeper,
        readers=room.readers,
        now=now,
        perform=perform,
        secure=settings.secure,
        unavailable=lambda request, error: answer(request, 503, str(error)),
        open_below=PREFIX if websub is not None else None,
    )
    app.add_middleware(
        Guard, hosts=settings.hosts(), posts=PREFIX if websub is not None else None, forms=perform is not None
    )
    return app


def _add_health(app: FastAPI, room: Room) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        verdict = await judge(room.readiness)
        checks = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in verdict.checks]
        return JSONResponse({"fit": verdict.fit, "checks": checks}, status_code=200 if verdict.fit else 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> PlainTextResponse:
        now = room.now()
        with room.readers.reading() as database:
            figures = overview.overview(database, now)
            channels = overview.channels(database)
            decisions = alerts.count_decisions(database)
        text = exposition(figures, channels, version=room.settings.version, now=now, decisions=decisions)
        return PlainTextResponse(text, media_type=CONTENT_TYPE)


def _add_error_pages(app: FastAPI, room: Room) -> Callable[..., Response]:
    """Errors become pages for people and JSON for programs."""

    def answer(
        request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: object
    ) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": detail, **extra}, status_code=status, headers=headers)
        if status in {404, 405}:
            return room.page(request, "error.html", database=None, status=status, kind="not_found", detail=None)
        return room.page(request, "error.html", database=None, status=status, kind="unavailable", detail=detail)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        headers = {"Allow": _allowed(app, request)} if error.status_code == 405 else error.headers
        return answer(request, error.status_code, str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        faults = [{"parameter": str(fault["loc"][-1]), "fault": str(fault["msg"])} for fault in error.errors()]
        return JSONResponse({"detail": "a parameter cannot be read", "faults": faults}, status_code=422)

    @app.exception_handler(PageNotFoundError)
    @app.exception_handler(NotFoundError)
    async def missing(request: Request, error: Exception) -> Response:
        return answer(request, 404, str(error))

    @app.exception_handler(SearchTextError)
    async def unreadable(request: Request, error: SearchTextError) -> Response:
        return answer(request, 400, error.detail, position=error.position)

    @app.exception_handler(SearchError)
    async def unsearchable(request: Request, error: SearchError) -> Response:
        return answer(request, 400, str(error))

    @app.exception_handler(PageBusyError)
    @app.exception_handler(StorageError)
    async def unavailable(request: Request, error: Exception) -> Response:
        return answer(request, 503, str(error))

    return answer


def _allowed(app: FastAPI, request: Request) -> str:
    """Return the methods of an address, for ``Allow`` (RFC 9110 section 10.2.1): several routes may share it."""
    methods = {
        method
        for route in iter_route_contexts(app.routes)
        if route.path_regex is not None and route.path_regex.match(request.url.path)
        for method in route.methods or ()
    }
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
