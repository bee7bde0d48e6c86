"""The configuration file's keys: their forms, and no silent conversion."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from storage.types import Status
from vigie.models import ConfigurationFile


def read(text: str) -> ConfigurationFile:
    return ConfigurationFile.model_validate(tomllib.loads(text))


def problem(text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        read(text)
    (found,) = caught.value.errors()
    return str(found["msg"])


def test_empty_file_is_all_defaults() -> None:
    file = read("")
    assert (file.service.listen, file.service.language, file.service.timezone) == (
        "127.0.0.1:8470",
        "fr",
        "Europe/Paris",
    )
    assert not file.service.catalogue
    assert (file.source, file.watch, file.channel) == ((), (), ())
    assert file.retention.evidence == timedelta(days=365)


def test_watch_defaults_to_what_is_asserted_and_a_protest() -> None:
    (watch,) = read('[[watch]]\nid = "w"').watch
    assert (watch.min_severity, watch.statuses, watch.max_age) == (2, (Status.ASSERTED,), None)
    assert (watch.pairs, watch.types, watch.channels) == ((), (), ())


@pytest.mark.parametrize("pair", ['["FRA", "MLI"]', '"FRA-MLI"', '"FRA/MLI"', '"FRA ↔ MLI"', '" FRA - MLI "'])
def test_pair_is_written_as_people_do(pair: str) -> None:
    (watch,) = read(f'[[watch]]\nid = "w"\npairs = [{pair}]').watch
    assert watch.pairs == (("FRA", "MLI"),)


@pytest.mark.parametrize(
    "pair", ['["FRA"]', '["FRA", "MLI", "NER"]', '"FRA"', '["fra", "mli"]', '["France", "Mali"]', "7"]
)
def test_anything_but_two_codes_is_no_pair(pair: str) -> None:
    with pytest.raises(ValidationError):
        read(f'[[watch]]\nid = "w"\npairs = [{pair}]')


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("[[watch]]", "min_severity", value) for value in ('"3"', "3.0", "true", "0", "6")
    ] + [
        ("[[source]]", "enabled", value) for value in ('"yes"', '"true"', "1", "0")
    ] + [
        ("[[source]]", "poll", value) for value in ("900", "15.5", "07:30:00", "true", '"15"', '"15 minutes"')
    ] + [
        ("[retention]", "backups", value) for value in ('"7"', "true", "0", "366")
    ] + [
        ("[service]", "data_dir", value) for value in ('""', '"  "', '"a\\u0000"', "1")
    ] + [
        ("[service]", "contact", value) for value in ('"a\\nb"', '"a\\u0000"', '"a\\u2028b"', "1")
    ] + [
        ("[network]", "user_agent", value) for value in ('"ab"', '"Bot\\r\\nX-Evil: 1"', f'"{"x" * 301}"')
    ] + [
        ("[service]", "timezone", value) for value in ('"Paris"', '"Europe/Atlantis"', '""', '"../etc/passwd"', "1")
    ] + [
        ("[[source]]", "language", value) for value in ('"FR"', '"fra"', '"f1"', '""')
    ],
)  # fmt: skip
def test_value_of_another_form_is_refused(table: str, key: str, value: str) -> None:
    identifier = 'id = "x"\n' if table.startswith("[[") else ""
    assert problem(f"{table}\n{identifier}{key} = {value}")


@pytest.mark.parametrize(
    "address",
    [
        "", "example.org/feed", "ftp://example.org/", "https://", "https:///path", "http://[::1", "http://x:0/",
        "http://x:99999/", "http://x:port/", "https://a b.example/", "https://x.example/\\n", "javascript:alert(1)",
        "file:///etc/passwd", "https://user:secret@x.example/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(address: str) -> None:
    told = problem(f'[[source]]\nid = "x"\nfeeds = ["{address}"]')
    assert "web address" in told
    assert "secret" not in told


@pytest.mark.parametrize("address", ["https://x.example/é?a=1#b", "http://127.0.0.1:8080/feed", "http://[::1]:80/"])
def test_web_address_stays_as_written(address: str) -> None:
    assert read(f'[[source]]\nid = "x"\nfeeds = ["{address}"]').source[0].feeds == (address,)


@settings(deadline=None)
@given(st.text(max_size=70))
def test_id_is_plain_or_refused(text: str) -> None:
    data: dict[str, Any] = {"watch": [{"id": text}]}
    plain = 0 < len(text) <= 64 and set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-") and text[0] not in "._-"
    if plain:
        assert ConfigurationFile.model_validate(data).watch[0].id == text
    else:
        with pytest.raises(ValidationError, match="is not an id"):
            ConfigurationFile.model_validate(data)


@pytest.mark.parametrize("to", ['["a@x.org"]', '"a@x.org"'])
def test_mail_channel_knows_the_usual_names_of_its_keys(to: str) -> None:
    for keys in (f'host = "h"\nport = 25\nsender = "s@x.org"\nrecipients = {to}',
                 f'smtp_host = "h"\nsmtp_port = 25\nfrom = "s@x.org"\nto = {to}'):  # fmt: skip
        (channel,) = read(f'[[channel]]\nid = "m"\ntype = "email"\n{keys}').channel
        assert channel.type == "email"
        assert (channel.host, channel.port, channel.sender, channel.recipients) == ("h", 25, "s@x.org", ("a@x.org",))
