"""What can go wrong in the scheduler.

::

    SchedulerError
    └── CrawlerUnavailableError   the crawler process does not start
"""

from __future__ import annotations


class SchedulerError(Exception):
    """Base of what the scheduler raises on purpose."""


class CrawlerUnavailableError(SchedulerError):
    """The crawler process does not start; its own words stand in the log."""
