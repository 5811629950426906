"""Passwords by argon2id, tokens by SHA-256: what people choose is hashed slowly, what is random is hashed fast."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Mapping

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hilum.errors import UsageError

LEAST_PASSWORD, LEAST_TOKEN = 10, 20
"""Characters."""

_HASHER = PasswordHasher()
_ONE_AT_A_TIME = threading.Lock()  # each check takes 64 MiB: a flood of logins must not take the memory


def hash_password(password: str) -> str:
    """The argon2id hash of a password; a text that is such a hash already comes back as it is.

    Raises `UsageError` for a password of fewer than ten characters.
    """
    if password.startswith("$argon2id$"):
        return password
    if len(password) < LEAST_PASSWORD:
        raise UsageError(f"The password is too short: {LEAST_PASSWORD} characters or more")
    return _HASHER.hash(password)


def is_password(password: str, *, hashed: str) -> bool:
    """Whether a password has this hash; takes about a sixth of a second, one check at a time."""
    with _ONE_AT_A_TIME:
        try:
            return _HASHER.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def hash_token(token: str) -> str:
    """The SHA-256 of a token, in hexadecimal. Raises `UsageError` for one of fewer than twenty characters."""
    if len(token) < LEAST_TOKEN:
        raise UsageError(f"A token is too short: {LEAST_TOKEN} characters or more, such as from `openssl rand -hex 32`")
    return hashlib.sha256(token.encode()).hexdigest()


def name_of_token(token: str, *, tokens: Mapping[str, str]) -> str | None:
    """The name of a token, or None of an unknown one; takes as long for any."""
    found = None
    hashed = hashlib.sha256(token.encode()).hexdigest()
    for name, known in tokens.items():
        if hmac.compare_digest(hashed, known):
            found = name
    return found
