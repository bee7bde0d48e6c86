"""What can go wrong in the crawler.

::

    CrawlerError
    ├── WireError            a line between owner and crawler cannot be read
    ├── CrawlerClosedError   an order was given to a crawler that is not running
    ├── DuplicateOrderError  an order's id is already open
    ├── SelectorError        a selector of an override cannot be read
    ├── OverrideError        the overrides file is not as it should be
    └── RefusedError         a request was turned down on purpose; carries its CrawlFailure

A page or feed that cannot be had is no exception to the caller: it is a result with a
:class:`storage.types.CrawlFailure`.
"""

from __future__ import annotations

from storage.types import CrawlFailure


class CrawlerError(Exception):
    """Base of everything this package raises on purpose."""


class WireError(CrawlerError):
    """A line is not the message it should be; the text says what was expected."""


class CrawlerClosedError(CrawlerError):
    """The crawler was never started, or was stopped."""

    def __init__(self) -> None:
        super().__init__("the crawler process is not running; call start() first, and not after stop()")


class DuplicateOrderError(CrawlerError):
    """Two open orders bear one id, so their answers could not be told apart."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id!r} is already open; give every order an id of its own")


class SelectorError(CrawlerError):
    """A selector is neither XPath nor simple CSS; the text says which and why."""


class OverrideError(CrawlerError):
    """The overrides are not as they should be; the text names file, site and key."""


class RefusedError(CrawlerError):
    """A request was turned down before or while it was sent.

    Attributes:
        failure: what the order is answered with.
    """

    def __init__(self, failure: CrawlFailure) -> None:
        self.failure = failure
        super().__init__(failure.detail)
