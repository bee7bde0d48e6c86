"""Passwords and secrets, as the archive keeps them: passwords as argon2id hashes, random secrets as SHA-256.

A password is compared after Unicode normalisation NFKC, so that keyboards that write the same letters differently agree
(NIST SP 800-63B-4, section 3.1.1.2). Random secrets of 128 bits and more need no slow hash: nobody guesses them.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: characters of a password at least, those advised, and at most; hashing costs the same for each of them
SHORTEST_PASSWORD, ADVISED_PASSWORD, LONGEST_PASSWORD = 8, 15, 1_024
#: different characters at least
FEWEST_LETTERS = 4
#: bytes of a random secret
_SECRET_BYTES = 24
#: RFC 9106 section 4, the choice for little memory: 64 MiB, three passes, four lanes
_HASHER = PasswordHasher()
#: tried first by everybody who guesses
_COMMON = frozenset(
    {
        "password", "password1", "passw0rd", "motdepasse", "12345678", "123456789", "1234567890", "qwertyuiop",
        "azertyuiop", "qwerty123", "azerty123", "iloveyou", "sunshine", "football", "administrator", "changeme",
        "letmein1", "welcome1", "00000000", "11111111", "87654321", "password123", "princess", "administrateur",
    }
)  # fmt: skip


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    #: holds a line break or another character that no keyboard types
    CONTROL = "control"
    #: among the first that are guessed: a common one, the account's own name, a few letters again and again
    COMMON = "common"


def normal(password: str) -> str:
    """Return the form of a password that is compared."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, name: str) -> Weakness | None:
    """Return why a password would be guessed or could not be typed again, or None.

    Args:
        password: as it was typed.
        name: of the account.
    """
    text = normal(password)
    if len(text) < SHORTEST_PASSWORD:
        return Weakness.SHORT
    if len(text) > LONGEST_PASSWORD:
        return Weakness.LONG
    if not text.isprintable():
        return Weakness.CONTROL
    plain = text.casefold()
    if plain in _COMMON or plain == normal(name).casefold() or len(set(plain)) < FEWEST_LETTERS:
        return Weakness.COMMON
    return None


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and its costs; takes some tens of milliseconds."""
    return _HASHER.hash(normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept; takes as long when there is none to compare with.

    Args:
        kept: the hash, or None for a name that nobody has.
        password: as it was typed.
    """
    given, nobodys = normal(password[: 2 * LONGEST_PASSWORD]), _nobodys()
    try:
        found = _HASHER.verify(nobodys if kept is None else kept, given)
    except (VerificationError, InvalidHashError):
        return False
    return found and kept is not None


def outdated(kept: str) -> bool:
    """Whether a hash was made with other costs than now; a login hashes its password anew."""
    try:
        return _HASHER.check_needs_rehash(kept)
    except InvalidHashError:
        return False


def new_secret(prefix: str = "") -> str:
    """Return a random secret of 192 bits for an address, a cookie or a header."""
    return prefix + secrets.token_urlsafe(_SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """Return what is kept of a random secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@cache
def _nobodys() -> str:
    return hash_password(secrets.token_urlsafe(_SECRET_BYTES))
