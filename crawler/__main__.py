"""``python -m crawler [--browser]``: the crawler process. Started by :class:`crawler.client.CrawlerProcess`.

Extraction workers import this module again under another name, so it must stay this small.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the crawler until its orders end; return the exit code."""
    from crawler.service import run

    return run(browser="--browser" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
