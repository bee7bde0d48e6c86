"""Settings every test shares."""

from __future__ import annotations

from hypothesis import settings

# Examples are judged by their answers: on a loaded machine any of them may take long.
settings.register_profile("vigie", deadline=None)
settings.load_profile("vigie")
