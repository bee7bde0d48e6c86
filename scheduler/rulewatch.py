"""Keeps the rules of a running service up to date with the rule folders.

Every few seconds the folders' files are looked at by size and time of change; only where these changed are
contents compared, and only other contents are compiled, beside the event loop. New rules are put in place
between two articles. What a broken edit refuses is told once, when it comes and when it is mended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from detection.errors import DetectionError
from detection.folders import Fingerprint, Loaded, digest, fingerprint, load_folders
from detection.passed import remembered
from scheduler.pipeline import Pipeline

logger = logging.getLogger(__name__)

#: how often the folders are looked at
LOOK_EVERY = timedelta(seconds=10)
#: how many refusals a check spells out
_SHOWN = 3


def read_rules(folders: Sequence[Path], data_folder: Path | None = None) -> Loaded:
    """Return the rules of the folders merged with the built-in ones, and log what was refused.

    Args:
        folders: folders of rule files.
        data_folder: remembers which rules passed their tests; None: every test runs.

    Raises:
        detection.errors.RuleError: a built-in rule file is broken.
    """
    loaded = load_folders(folders, passed=None if data_folder is None else remembered(data_folder))
    for refusal in loaded.refusals:
        logger.error("rule refused: %s", refusal)
    return loaded


def describe(loaded: Loaded) -> tuple[bool, str]:
    """Return whether all rules are in use, and what a person should know of them."""
    own = f" and {loaded.own_rules} of rule folders" if loaded.own_rules else ""
    in_use = f"version {loaded.rules.version}: {len(loaded.rules.rules) - loaded.own_rules} built-in{own} in use"
    if not loaded.refusals:
        return True, in_use
    shown = "; ".join(str(refusal) for refusal in loaded.refusals[:_SHOWN])
    more = len(loaded.refusals) - _SHOWN
    also = f"; and {more} more" if more > 0 else ""
    earlier = f"; {len(loaded.kept)} files stay in use as they were before" if loaded.kept else ""
    return False, f"{shown}{also} ({in_use}{earlier}; 'vigie check' lists all)"


class RuleWatch:
    """Puts the folders' rules into a pipeline, again whenever they change."""

    def __init__(self, folders: Sequence[Path], pipeline: Pipeline, loaded: Loaded) -> None:
        """Args: ``loaded`` is what the pipeline was built with."""
        self._folders = tuple(folders)
        self._pipeline = pipeline
        self.loaded = loaded
        self._seen: Fingerprint | None = None
        self._digest = ""

    async def look(self) -> bool:
        """Read the folders again if they changed; say whether other rules are in use now."""
        if not self._folders:
            return False
        # The files are looked at before they are read: an edit in between shows the next time.
        seen = await asyncio.to_thread(fingerprint, self._folders)
        if seen == self._seen:
            return False
        contents = await asyncio.to_thread(digest, self._folders)
        self._seen = seen
        if contents == self._digest:
            return False
        self._digest = contents
        try:
            loaded = await asyncio.to_thread(load_folders, self._folders, self.loaded)
        except DetectionError:
            logger.exception("the rules could not be read again; those in use stay")
            return False
        return self._take(loaded)

    def _take(self, loaded: Loaded) -> bool:
        before, self.loaded = self.loaded, loaded
        told = {str(refusal) for refusal in before.refusals}
        for refusal in loaded.refusals:
            if str(refusal) not in told:
                kept = "; the earlier version of the file stays in use" if refusal.file in loaded.kept else ""
                logger.error("rule refused: %s%s", refusal, kept)
        if before.refusals and not loaded.refusals:
            logger.info("the rule folders are in order again")
        if loaded.rules.version == before.rules.version:
            return False
        self._pipeline.rules = loaded.rules
        logger.info("rules changed: version %s → %s", before.rules.version, loaded.rules.version)
        return True

    def check(self) -> tuple[str, bool, str]:
        """Return the check ``rules`` for readiness."""
        ok, detail = describe(self.loaded)
        return "rules", ok, detail
