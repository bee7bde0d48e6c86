"""Which process of a run gets which test.

pytest-xdist's own ``--dist loadgroup`` tells groups by a suffix that it writes into a test's name, which pytest 9.2 no
longer lets it do: the mark is passed over in silence (pytest-xdist issue 1386).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

#: files whose tests wait for processes, or take long by themselves: they go first, so that none of them is left when
#: the others are done
_FIRST = ("test_campaign", "test_hostile_", "test_service_", "test_detection_metamorphic", "test_vigie_adding")
#: in files that compute something once for all of their tests: fixtures of the module, what was read of the articles
_SHARING = ('scope="module"', "from tests import metamorphic as")


class HandingOut(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Hands out tests one by one; those of a file that computes something once for all of them, together."""

    def schedule(self) -> None:
        """Begin, or go on with what is left."""
        begun = self.collection is not None
        super().schedule()
        if not begun:
            for scope in reversed([scope for scope in self.workqueue if _file(scope).startswith(_FIRST)]):
                self.workqueue.move_to_end(scope, last=False)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Note that a test is done, and forget its scope with the last of it: the tests of a node are counted often."""
        scope = self._split_scope(self.registered_collections[node][item_index])
        super().mark_test_complete(node, item_index, duration)
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if _shares(self.config.rootpath / path) else nodeid


def _file(scope: str) -> str:
    return scope.partition("::")[0].rpartition("/")[2]


@cache
def _shares(path: Path) -> bool:
    text = path.read_text("utf-8")
    return any(mark in text for mark in _SHARING)
