"""``make bench``: how fast the rooms are on this machine, best of a few rounds.

Figures are lower bounds on a shared machine; compare them with figures of the same run only.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler.building import build_pipeline
from storage import sources
from storage.database import instance_id, open_writer, transaction
from storage.types import Article
from tests import bench_crawl, bench_detection, bench_latency, bench_pace, bench_pages, bench_stories
from vigie.demo.script import DemoArticle, load_script
from vigie.running import service_settings
from vigie.settings import parse_settings

ROUNDS = 3


def best(work: Callable[[], int]) -> float:
    """Return the best rate of a few rounds, in things a second."""
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        done = work()
        rates.append(done / (time.perf_counter() - start))
    return max(rates)


def pipeline() -> dict[str, float]:
    """Time the whole path of an article into a fresh archive, one durable transaction each."""
    script = load_script()
    settings = service_settings(parse_settings('[[watch]]\nid = "bench"\npairs = [["FRA", "MLI"]]', None, Path()))

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            database = open_writer(Path(folder))
            built = build_pipeline(settings, instance_id(database))
            now = datetime(2025, 10, 1, tzinfo=UTC)
            for outlet in script.outlets:
                sources.ensure(database, outlet.id, outlet.name, "", now)
            count = 0
            for lap in range(4):
                for article in script.articles:
                    with transaction(database):
                        built.process(database, _article(article, lap), key=f"{lap}/{article.slug}", now=now)
                    count += 1
            database.conn.close()
            return count

    return {"whole path into the archive": best(run)}


def _article(article: DemoArticle, lap: int) -> Article:
    published = article.published + timedelta(days=30 * lap)
    return Article(
        source_id=article.outlet,
        url="",
        title=article.title,
        lede=article.lede,
        paragraphs=article.paragraphs,
        published_at=published,
        language="fr",
        fetched_at=published,
    )


def main() -> int:
    """Print a line a figure."""
    print(f"{bench_detection.report(bench_detection.measure())}\n")  # noqa: T201
    for name, rate in pipeline().items():
        print(f"{name:40} {rate:10.0f} a second")  # noqa: T201
    print(f"\n{bench_pace.report(bench_pace.compare())}\n")  # noqa: T201
    stored = [int(size) for size in os.environ.get("STORIES", "").split()] or [bench_stories.ARTICLES]
    print(f"{bench_stories.report(bench_stories.measure(stored))}\n")  # noqa: T201
    late = bench_latency.main()
    slow = bench_pages.main()
    return bench_crawl.main(int(os.environ.get("PAGES") or 1_000)) or late or slow


if __name__ == "__main__":
    sys.exit(main())
