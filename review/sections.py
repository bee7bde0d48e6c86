"""The menu: every page that stands by itself."""

from __future__ import annotations

from dataclasses import dataclass

from storage.types import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One entry of the menu."""

    #: names its words, ``nav.KEY``, and what a page calls itself in its ``section`` block
    key: str
    address: str
    #: typed after ``g``
    letter: str
    #: who sees it at least
    role: Role = Role.READER


#: in the order of the menu; a new page that stands by itself gets a line here
SECTIONS: tuple[Section, ...] = (
    Section(key="desk", address="/", letter="i"),
    Section(key="views", address="/views", letter="w"),
    Section(key="alerts", address="/alerts", letter="a"),
    Section(key="charts", address="/charts", letter="c"),
    Section(key="sources", address="/sources", letter="s"),
    Section(key="watches", address="/watches", letter="e"),
    Section(key="rules", address="/rules", letter="r"),
    Section(key="precision", address="/precision", letter="p"),
    Section(key="people", address="/people", letter="u", role=Role.ADMIN),
)


def sections_for(role: Role) -> tuple[Section, ...]:
    """Return what somebody with a role finds in the menu."""
    return tuple(section for section in SECTIONS if role.covers(section.role))
