"""The JSON interface keeps to its own OpenAPI: no answer that is not declared, none that the service breaks on.

A few requests for each operation here; ``make api-test`` asks the running server with thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from review.settings import ReviewSettings
from storage.database import open_writer
from storage.types import Watch
from tests.filled import Filled, fill
from tests.programs import add_token
from tests.visitor import Visitor, application, routes

#: requests made up for each operation, as many that fit its description as that do not
EXAMPLES = 2
#: shown with every request, once there is an account
TOKEN: dict[str, str] = {}
WATCH = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))
#: operations where a description of the parameters does not say all: a search has a grammar, a pair two states, and
#: a silence names what there is
NOT_EVERY_TEXT = {"list_stories", "list_articles", "show_ladder", "add_silence"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, Filled]]:
    folder = tmp_path_factory.mktemp("contract")
    database = open_writer(folder)
    known = fill(database)
    TOKEN.update(add_token(database))
    yield (
        application(
            database,
            ReviewSettings(
                public_url="http://testserver/", language="fr", timezone="UTC", data_folder=folder, watches=(WATCH,),
                version="0.0",
            ),
        ),
        known,
    )  # fmt: skip
    database.conn.close()


@pytest.fixture(scope="module")
def schema(place: tuple[FastAPI, Filled]) -> Any:
    found = schemathesis.openapi.from_dict(place[0].openapi())
    # Its client calls itself by a name that is not the machine's.
    found.app = place[0]
    return found


def ids(known: Filled) -> dict[str, Any]:
    """Places in addresses that lead to something."""
    return {
        "article_id": known.article, "story_id": known.story, "alert_id": known.alert,
        "delivery_id": known.delivery, "silence_id": known.silence, "source_id": "rfi", "watch_id": WATCH.id,
        "view_id": "all", "number": 1,
    }  # fmt: skip


def ask(operation: Any, mode: GenerationMode, known: dict[str, Any]) -> int:
    """Send made-up requests, some of them about what stands in the archive; return how many."""
    asked = 0
    excluded = [ignored_auth]
    if operation.definition.raw["operationId"] in NOT_EVERY_TEXT:
        excluded.append(positive_data_acceptance)

    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), stands=st.booleans())
    def send(case: Any, stands: bool) -> None:
        nonlocal asked
        if stands and mode is GenerationMode.POSITIVE:
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
        answer = case.call_and_validate(headers=TOKEN, excluded_checks=excluded)
        # What is unfit may be the token.
        assert mode is GenerationMode.NEGATIVE or answer.status_code not in {401, 403}
        asked += answer.status_code != 401

    send()
    return asked


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfit"])
def test_every_answer_is_declared_and_none_breaks(
    place: tuple[FastAPI, Filled], schema: Any, mode: GenerationMode
) -> None:
    assert sum(ask(one.ok(), mode, ids(place[1])) for one in schema.get_all_operations()) > 25


def test_everything_that_stands_is_shown_as_declared(place: tuple[FastAPI, Filled], schema: Any) -> None:
    """Made-up ids rarely lead anywhere."""
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.method != "get":
            continue
        known = {one.name: ids(place[1])[one.name] for one in operation.path_parameters}
        query = {"pair": "FRA-MLI"} if operation.path.endswith("/ladder") else {}
        answer = operation.Case(path_parameters=known, query=query).call_and_validate(
            headers=TOKEN, excluded_checks=[ignored_auth]
        )
        assert answer.status_code == 200, operation.label
        again = operation.Case(
            path_parameters=known, query=query, headers={"If-None-Match": answer.headers["etag"][0]}
        ).call_and_validate(headers=TOKEN, excluded_checks=[ignored_auth])
        assert (again.status_code, again.content) == (304, b""), operation.label


def test_operations_keep_their_ids_and_say_what_they_refuse_with(place: tuple[FastAPI, Filled]) -> None:
    described = place[0].openapi()
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) >= 7
    assert all(name.isidentifier() for name in names)
    refusal = {"$ref": "#/components/schemas/Refusal"}
    for operation in operations:
        assert operation["summary"]
        assert operation["tags"]
        assert operation["security"] == [{"token": []}]
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert answer["content"]["application/json"]["schema"] == refusal, (operation["operationId"], status)


def test_every_route_of_the_interface_is_described(place: tuple[FastAPI, Filled]) -> None:
    described = place[0].openapi()["paths"]
    found = [(method, path) for method, path in routes(place[0]) if path.startswith("/api/v1")]
    assert found
    for method, path in found:
        assert method.lower() in described[path], path


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/nowhere", {}, 404),
        ("/api/v1/stories", {"Host": "evil.example"}, 421),
        ("/api/v1/stories", {"X-Long": "x" * 20_000}, 431),
    ],
)
def test_what_stands_before_the_interface_refuses_in_json_too(
    place: tuple[FastAPI, Filled], path: str, headers: dict[str, str], status: int
) -> None:
    answer = Visitor(place[0]).get(path, {"Host": "testserver", **TOKEN, **headers})
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json()["detail"]


def test_nothing_is_shown_without_a_token_once_there_is_an_account(place: tuple[FastAPI, Filled]) -> None:
    """The check of schemathesis would ask again with the token of its configuration."""
    visitor = Visitor(place[0])
    found = [path for method, path in routes(place[0]) if method == "GET" and path.startswith("/api/")]
    assert len(found) > 15
    for path in found:
        filled = path.format(**ids(place[1]))
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
            answer = visitor.get(filled, {"Host": "testserver", **headers})
            assert (answer.status, "Bearer" in answer.headers["www-authenticate"]) == (401, True), path


def test_an_address_that_only_shows_takes_nothing(place: tuple[FastAPI, Filled]) -> None:
    headers = {"Host": "testserver", "Content-Type": "application/json", **TOKEN}
    answer = Visitor(place[0]).post("/api/v1/stories", {}, headers)
    assert (answer.status, answer.headers["content-type"]) == (405, "application/json")
    assert "GET" in answer.headers["allow"]
