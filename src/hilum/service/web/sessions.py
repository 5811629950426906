"""Who is logged in, and how often an address may try."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_SESSIONS, _MOST_ADDRESSES = 10_000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login: by whom, the secret that its pages send along with every change, and when it ends."""

    who: str
    csrf: str
    ends_s: float


class Sessions:
    """Logins of this process, known by the SHA-256 of their cookie; they end with the process, or after `lasts_s`."""

    def __init__(self, *, lasts_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lasts_s, self._clock = lasts_s, clock
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def begin(self, who: str) -> str:
        """Log somebody in; returns the value of the cookie, which is kept nowhere else."""
        cookie = secrets.token_urlsafe(32)
        session = Session(who=who, csrf=secrets.token_urlsafe(32), ends_s=self._clock() + self._lasts_s)
        with self._lock:
            self._sessions[_hashed(cookie)] = session
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return cookie

    def of(self, cookie: str) -> Session | None:
        """The login of a cookie, or None where there is none (any more)."""
        key = _hashed(cookie)
        with self._lock:
            session = self._sessions.get(key)
            if session is not None and session.ends_s < self._clock():
                del self._sessions[key]
                return None
        return session

    def end(self, cookie: str) -> None:
        """Log out."""
        with self._lock:
            self._sessions.pop(_hashed(cookie), None)


class Attempts:
    """Failed attempts by address: after `most` within `window_s`, an address has to wait."""

    def __init__(self, *, most: int = 10, window_s: float = 300.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._window_s, self._clock = most, window_s, clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How many seconds an address has to wait before it may try again; 0 where it may."""
        with self._lock:
            recent = self._recent(address)
            return 0.0 if len(recent) < self._most else recent[-self._most] + self._window_s - self._clock()

    def failed(self, address: str) -> None:
        """Count a failed attempt."""
        with self._lock:
            self._failed[address] = [*self._recent(address), self._clock()][-self._most :]
            self._failed.move_to_end(address)
            while len(self._failed) > _MOST_ADDRESSES:
                self._failed.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        since = self._clock() - self._window_s
        return [at for at in self._failed.get(address, []) if at > since]


def _hashed(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
