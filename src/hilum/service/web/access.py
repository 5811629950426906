"""Who asks: anybody on this machine where no login is set, else a token or a login with the page's secret."""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from hilum.service.web.passwords import name_of_token
from hilum.service.web.problems import ProblemError
from hilum.service.web.service import Service, TheService
from hilum.service.web.sessions import Session

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN = "/login"
"""Where people log in: the one change that nobody known may ask for."""

CSRF_HEADER = "X-CSRF-Token"
LOCAL = "local"
"""Who asks where nobody has to say who they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks, from which address; `csrf` is the secret that a page of theirs sends along with every change."""

    name: str
    address: str
    csrf: str = ""


def address_of(request: Request) -> str:
    """The address that a request came from; what a proxy says of it is not believed."""
    return request.client.host if request.client is not None else "unknown"


def cookie_name(service: Service) -> str:
    """The name of the login's cookie; with TLS, one that no other host can set."""
    return "__Host-hilum" if service.settings.tls else "hilum"


def session_of(request: Request, service: Service) -> Session | None:
    """The login of a request, or None."""
    cookie = request.cookies.get(cookie_name(service))
    return None if cookie is None else service.sessions.of(cookie)


def check_attempts(service: Service, *, address: str) -> None:
    """Raise a problem (429) where an address failed too often."""
    wait_s = service.attempts.wait_s(address)
    if wait_s > 0.0:
        seconds = math.ceil(wait_s)
        raise ProblemError(
            429, f"Too many failed attempts; try again in {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )


def user_of(request: Request, service: TheService) -> User:
    """Who asks.

    Raises a problem: 401 without login or with a wrong token, 403 for a change without the page's secret, 429 after
    too many failures.
    """
    address = address_of(request)
    if not service.settings.needs_login:
        return User(name=LOCAL, address=address)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(token.strip(), address=address, service=service)
    session = session_of(request, service)
    if session is None:
        raise _unknown("Log in, or send a token in the header Authorization: Bearer TOKEN.")
    if request.method not in SAFE_METHODS:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), session.csrf.encode()):
            raise ProblemError(403, f"The header {CSRF_HEADER} is missing or wrong; load the page again.")
    return User(name=session.who, address=address, csrf=session.csrf)


def _by_token(token: str, *, address: str, service: Service) -> User:
    check_attempts(service, address=address)
    name = name_of_token(token, tokens=service.settings.tokens)
    if name is None:
        service.attempts.failed(address)
        service.store.audit.add("login refused", who="", address=address)
        raise _unknown("The token is not known; check it.")
    return User(name=name, address=address)


def _unknown(detail: str) -> ProblemError:
    return ProblemError(401, detail, headers={"WWW-Authenticate": "Bearer"})


TheUser = Annotated[User, Depends(user_of)]
"""Who asks, in a route."""

FOR_USERS = [Depends(user_of)]
"""The dependencies of a route that does not care who asks, as long as they may."""
