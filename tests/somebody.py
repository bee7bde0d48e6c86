"""Who makes the changes of tests."""

from __future__ import annotations

from storage.types import Person, Role

HERE = Person(id=None, name="Awa", role=Role.ADMIN)
ANALYST = Person(id=7, name="Ines", role=Role.ANALYST)
READER = Person(id=8, name="Karim", role=Role.READER)
EDITOR = Person(id=9, name="Oumou", role=Role.EDITOR)
