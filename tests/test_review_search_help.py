"""The page on searching: every example on it is a search, and every field is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from detection.query.nodes import Field
from review.search_help import ADDRESS, FIELDS, WORDS
from review.searching import read_search
from review.settings import ReviewSettings
from storage.database import open_writer
from tests.visitor import Visitor, application


@pytest.mark.parametrize("example", [example for example, _ in (*WORDS, *FIELDS)])
def test_every_example_is_a_search(example: str) -> None:
    assert read_search(example).query.text == example


def test_every_field_is_shown_in_both_languages(tmp_path: Path) -> None:
    database = open_writer(tmp_path / "data")
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="fr", timezone="UTC", data_folder=tmp_path / "data", version="0"
    )
    visitor = Visitor(application(database, settings))
    for language in ("fr", "en"):
        page = visitor.get(f"{ADDRESS}?lang={language}")
        assert page.status == 200
        assert all(f"{field}:" in page.text for field in Field)
    assert ADDRESS in visitor.get("/").body
    database.conn.close()
