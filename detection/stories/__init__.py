"""Articles → stories: copies of one dispatch, its origin, and the event it belongs to.

Pure functions: the archive hands over a few look-alikes (:func:`detection.stories.copies.find_copy`) or the articles of
stories under way (:func:`detection.stories.kinship.same_event`); the answer says where an article belongs.
"""

from detection.stories.copies import Candidate, find_copy
from detection.stories.fingerprint import fingerprints
from detection.stories.kinship import Member, same_event
from detection.stories.profile import Profile, profile
from detection.stories.sketch import Sketch, sketch

__all__ = [
    "Candidate", "Member", "Profile", "Sketch", "find_copy", "fingerprints", "profile", "same_event", "sketch",
]  # fmt: skip
