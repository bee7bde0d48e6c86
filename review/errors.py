"""What can go wrong with the review page.

::

    ReviewError
    ├── ReviewSettingsError   a setting the page cannot work with
    ├── ListenError           the address to listen on cannot be had
    ├── PageNotFoundError     an address that leads nowhere
    ├── PageBusyError         too many pages are being read at once
    ├── ChangeRefusedError    whoever owns the archive could not make a change
    ├── FaultError            a field of a form that cannot be used
    ├── BrokenOffError        a file that cannot be sent to its end
    └── SearchTextError       a search that cannot be read, with the place of the fault
"""

from __future__ import annotations


class ReviewError(Exception):
    """Base of everything the review page raises on purpose."""


class ReviewSettingsError(ReviewError):
    """A setting the page cannot work with."""


class ListenError(ReviewError):
    """The address to listen on cannot be had."""

    def __init__(self, host: str, port: int, cause: OSError) -> None:
        super().__init__(
            f"cannot listen on {host} port {port} ({cause.strerror or cause}); "
            "stop whatever uses it, or choose another [service] listen"
        )


class PageNotFoundError(ReviewError):
    """An address that leads nowhere."""


class PageBusyError(ReviewError):
    """Too many pages are being read at once; trying again in a moment helps."""


class ChangeRefusedError(ReviewError):
    """Whoever owns the archive could not make a change; the text says why."""


class FaultError(ReviewError):
    """A field of a form that cannot be used.

    Attributes:
        fault: names its words, ``form.fault.FAULT``.
        detail: what else to say, or None.
    """

    def __init__(self, fault: str, detail: str | None = None) -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(detail or fault)


class BrokenOffError(ReviewError):
    """A file that cannot be sent to its end; its beginning is on the way already."""


class SearchTextError(ReviewError):
    """A search that cannot be read.

    Attributes:
        detail: what is wrong and how to put it right.
        position: offset of the character at fault in ``text``.
        text: the search as it was given.
    """

    def __init__(self, detail: str, *, position: int, text: str) -> None:
        self.detail = detail
        self.position = position
        self.text = text
        super().__init__(f"{detail} (at character {position + 1})")
