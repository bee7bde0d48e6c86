"""Articles → stories: copies of one dispatch, its origin, and the event it belongs to.

Pure functions: the archive hands over a few look-alikes (:func:`detection.stories.copies.find_copy`) or the articles of
stories under way (:func:`detection.stories.grouping.group`); the answer says where an article belongs.
"""

from detection.stories.copies import Candidate, find_copy
from detection.stories.fingerprint import fingerprints
from detection.stories.grouping import affinity, group
from detection.stories.kinship import Member
from detection.stories.profile import Profile, profile
from detection.stories.sketch import Sketch, sketch

__all__ = [
    "Candidate", "Member", "Profile", "Sketch", "affinity", "find_copy", "fingerprints", "group", "profile", "sketch",
]  # fmt: skip
