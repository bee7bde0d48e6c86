"""Articles → stories: copies of one dispatch, its origin, and the event it belongs to.

Pure functions: the archive hands over a few look-alikes and the acts of recent stories,
:func:`detection.stories.place.place` says where an article belongs and why.
"""

from detection.stories.fingerprint import fingerprints
from detection.stories.place import Candidate, Placement, place

__all__ = ["Candidate", "Placement", "fingerprints", "place"]
