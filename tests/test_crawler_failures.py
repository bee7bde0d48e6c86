"""Every way to fail has one name and one sentence."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

from crawler.backoff import MAX_RETRY_AFTER
from crawler.errors import RefusedError
from crawler.failures import from_exception, from_status, retry_after
from storage.egress import ForbiddenAddressError
from storage.types import CrawlFailure, FailureReason

NOW = datetime(2025, 9, 19, 8, 0, tzinfo=UTC)
URL = "https://journal.example/a"


@pytest.mark.parametrize("status", [200, 203, 204, 206])
def test_success_is_no_failure(status: int) -> None:
    assert from_status(status, None, URL, NOW) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (300, FailureReason.HTTP_ERROR),
        (302, FailureReason.HTTP_ERROR),
        (304, FailureReason.HTTP_ERROR),
        (400, FailureReason.HTTP_ERROR),
        (401, FailureReason.BLOCKED),
        (402, FailureReason.PAYWALL),
        (403, FailureReason.BLOCKED),
        (404, FailureReason.NOT_FOUND),
        (406, FailureReason.HTTP_ERROR),
        (410, FailureReason.GONE),
        (429, FailureReason.RATE_LIMITED),
        (451, FailureReason.BLOCKED),
        (500, FailureReason.SERVER_ERROR),
        (503, FailureReason.SERVER_ERROR),
        (599, FailureReason.SERVER_ERROR),
        (999, FailureReason.SERVER_ERROR),
        (101, FailureReason.HTTP_ERROR),
    ],
)
def test_status_has_its_reason(status: int, reason: FailureReason) -> None:
    failure = from_status(status, None, URL, NOW)
    assert failure is not None
    assert (failure.reason, failure.status, failure.retry_after) == (reason, status, None)
    assert "journal.example" in failure.detail
    assert str(status) in failure.detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("999999999999", MAX_RETRY_AFTER),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Fri, 19 Sep 2025 08:02:00 GMT", 120.0),
        ("Fri, 19 Sep 2025 10:02:00 +0200", 120.0),
        ("Fri, 19 Sep 2025 08:02:00 -0000", 120.0),
        ("Fri, 19 Sep 2025 07:00:00 GMT", 0.0),
        ("Fri, 19 Sep 2099 07:00:00 GMT", MAX_RETRY_AFTER),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("bientôt", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.integers(0, int(MAX_RETRY_AFTER)))
def test_both_forms_of_retry_after_agree(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(str(seconds), NOW) == retry_after(date, NOW) == float(seconds)


@given(st.text(max_size=80))
def test_any_retry_after_is_bounded(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DownloadTimeoutError("x"), FailureReason.TIMEOUT),
        (TimeoutError(), FailureReason.TIMEOUT),
        (CannotResolveHostError("x"), FailureReason.DNS),
        (socket.gaierror(-2, "x"), FailureReason.DNS),
        (caused(DownloadFailedError("x"), ssl.SSLError(1, "x")), FailureReason.TLS),
        (caused(DownloadConnectionRefusedError("x"), ssl.SSLCertVerificationError(1, "x")), FailureReason.TLS),
        (DownloadConnectionRefusedError("x"), FailureReason.CONNECTION),
        (ConnectionResetError(104, "x"), FailureReason.CONNECTION),
        (caused(DownloadFailedError("x"), aiohttp.ServerDisconnectedError()), FailureReason.CONNECTION),
        (DownloadCancelledError("x"), FailureReason.TOO_LARGE),
        (ResponseDataLossError("x"), FailureReason.TRUNCATED),
        (UnsupportedURLSchemeError("x"), FailureReason.FORBIDDEN_ADDRESS),
        (ForbiddenAddressError(13, "refused by the egress guard: x"), FailureReason.FORBIDDEN_ADDRESS),
        (
            caused(CannotResolveHostError("x"), ForbiddenAddressError(13, "refused by the egress guard: x")),
            FailureReason.FORBIDDEN_ADDRESS,
        ),
        (ZeroDivisionError("x"), FailureReason.INTERNAL),
    ],
)
def test_exception_has_its_reason(error: Exception, reason: FailureReason) -> None:
    failure = from_exception(error, URL, 30.0)
    assert failure.reason is reason
    assert failure.detail
    assert "\n" not in failure.detail


def test_named_refusal_is_passed_on_unchanged() -> None:
    failure = CrawlFailure(reason=FailureReason.ROBOTS, detail="x", status=503)
    assert from_exception(caused(RuntimeError("y"), RefusedError(failure)), URL, 30.0) is failure


def test_circle_of_causes_ends() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one
    assert from_exception(one, URL, 30.0).reason is FailureReason.INTERNAL
