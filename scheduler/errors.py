"""What can go wrong in the scheduler.

::

    SchedulerError
    ├── ControlError          the running service does not answer, or refused a change
    ├── UnknownChangeError    a change that is not known, or lacks a value
    ├── ForbiddenChangeError  a change that is not for who asks for it
    └── TriageRefusedError    a change of triage that the rules do not allow
        └── ChangedSinceError somebody changed the same since the page was made
"""

from __future__ import annotations


class SchedulerError(Exception):
    """Base of what the scheduler raises on purpose."""


class ControlError(SchedulerError):
    """The running service does not answer on its control socket, or could not make the change."""


class UnknownChangeError(SchedulerError):
    """A change that is not known, or lacks a value."""


class TriageRefusedError(SchedulerError):
    """A change of triage that the rules do not allow; the text says why."""


class ChangedSinceError(TriageRefusedError):
    """Somebody changed the same since the page was made from which this change comes; the text says who and when."""


class ForbiddenChangeError(SchedulerError):
    """A change that is not for who asks for it."""
