"""Settings every test shares."""

from __future__ import annotations

from hypothesis import settings

# Examples are judged by their answers: on a loaded machine any of them may take long. Each run draws others, so a
# third of the usual number finds in three runs what that finds in one, and the suite stays within a quarter of an hour.
settings.register_profile("vigie", deadline=None, max_examples=30)
settings.load_profile("vigie")
