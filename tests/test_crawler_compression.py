"""Content codings are undone completely or not at all."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.compression import decode_body
from crawler.errors import RefusedError
from storage.types import FailureReason

LIMIT = 10_000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@given(st.binary(max_size=LIMIT))
def test_every_coding_comes_back_whole(body: bytes) -> None:
    assert decode_body(body, [], LIMIT) == body
    assert decode_body(body, ["identity"], LIMIT) == body
    assert decode_body(gzip.compress(body), ["gzip"], LIMIT) == body
    assert decode_body(gzip.compress(body), ["X-GZIP"], LIMIT) == body
    assert decode_body(zlib.compress(body), ["deflate"], LIMIT) == body
    assert decode_body(gzip.compress(zlib.compress(body)), ["deflate, gzip"], LIMIT + 99) == body
    assert decode_body(gzip.compress(zlib.compress(body)), ["deflate", "gzip"], LIMIT + 99) == body


def test_bare_deflate_and_gzip_members_are_read() -> None:
    assert decode_body(raw_deflate(b"Bamako" * 50), ["deflate"], LIMIT) == b"Bamako" * 50
    assert decode_body(gzip.compress(b"Ba") + gzip.compress(b"mako"), ["gzip"], LIMIT) == b"Bamako"
    assert decode_body(gzip.compress(b"Bamako") + b"\0\0", ["gzip"], LIMIT) == b"Bamako"


@given(st.binary(min_size=1, max_size=500), st.data())
def test_cut_body_is_refused(body: bytes, data: st.DataObject) -> None:
    for packed, coding in ((gzip.compress(body), "gzip"), (zlib.compress(body), "deflate")):
        length = data.draw(st.integers(1, len(packed) - 1))
        with pytest.raises(RefusedError) as caught:
            decode_body(packed[:length], [coding], LIMIT)
        assert caught.value.failure.reason is FailureReason.TRUNCATED


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, gzip"]))
def test_any_bytes_are_decoded_or_refused(body: bytes, coding: str) -> None:
    with contextlib.suppress(RefusedError):
        assert len(decode_body(body, [coding], LIMIT)) <= LIMIT


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_bomb_is_refused_without_being_unpacked(depth: int) -> None:
    bomb = b"\0" * 50_000_000
    for _ in range(depth):
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as caught:
            decode_body(bomb, ["gzip"] * depth, 100_000)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.failure.reason is FailureReason.TOO_LARGE


def test_limit_is_exact() -> None:
    packed = gzip.compress(b"a" * 100)
    assert decode_body(packed, ["gzip"], 100) == b"a" * 100
    with pytest.raises(RefusedError):
        decode_body(packed, ["gzip"], 99)


def test_tower_of_codings_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        decode_body(b"x", ["gzip"] * 4, LIMIT)
    assert caught.value.failure.reason is FailureReason.HTTP_ERROR
