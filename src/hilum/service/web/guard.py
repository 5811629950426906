"""What stands before every route: whose page asks, what a browser may do with the answer, what a log may hold."""

from __future__ import annotations

import logging
import time
import traceback
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hilum.service.dicom.addresses import is_loopback
from hilum.service.web.access import LOGIN, SAFE_METHODS, user_of
from hilum.service.web.problems import ProblemError, problem
from hilum.service.web.service import Service

_LOG = logging.getLogger("hilum.service")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page of the service may load: from the service alone, and no script or style inside the page."""

_METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """The outermost layer of the application.

    It refuses a change that another site's page asks for, and, where a login is needed, any that nobody known asks for,
    before anything of its body is read; and, where no login is needed, any name of this machine but
    its own ones (a foreign name that was made to point here could read along). It sets the headers that browsers heed,
    turns what is too large into a problem, and tells of a defect by its place alone: its message could hold a name.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, scope=scope, hsts=self._service.settings.tls)
        started = time.perf_counter()
        refused = await self._refused(scope)
        try:
            await (refused or self._app)(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - a traceback could hold a name; its place is enough to find it
            place = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("a request failed: %s at %s:%s", type(error).__name__, place.filename, place.lineno)
            if not answer.started:
                said = "The service met a defect of its own; please report when it happened."
                await problem(500, said)(scope, receive, answer.send)
        route = getattr(scope.get("route"), "path", "none")
        seconds = time.perf_counter() - started
        method = scope["method"] if scope["method"] in _METHODS else "other"  # a sender may call it anything
        self._service.metrics.requests.labels(method, route, str(answer.status)).observe(seconds)

    async def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._service.settings.needs_login and not is_loopback(_host_name(host)):
            return problem(400, "This service answers to localhost alone; open it by that name.")
        if scope["method"] not in SAFE_METHODS and _is_foreign(headers, host=host):
            return problem(403, "Another site's page asked for this change; open the service itself.")
        if scope["method"] in SAFE_METHODS or not self._service.settings.needs_login or scope["path"] == LOGIN:
            return None
        try:
            await run_in_threadpool(user_of, Request(scope), self._service)  # it may write into the audit
        except ProblemError as error:
            return problem(error.status, error.detail, headers=error.headers)
        return None


class _Answer:
    """The answer to one request, with its headers set as it begins."""

    def __init__(self, send: Send, *, scope: Scope, hsts: bool) -> None:
        self._send, self._scope, self._hsts = send, scope, hsts
        self._swallow = False
        self.started, self.status = False, 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            if self.status == 413 and not headers.get("content-type", "").startswith("application/problem"):
                self._swallow = True
                await self._too_large()
                return
            self._set(headers)
        if not self._swallow:
            await self._send(message)

    async def _too_large(self) -> None:
        response = problem(413, "The request is larger than the service takes; send a smaller file.")
        for message in (
            {"type": "http.response.start", "status": 413, "headers": response.raw_headers},
            {"type": "http.response.body", "body": response.body},
        ):
            if message["type"] == "http.response.start":
                self._set(MutableHeaders(scope=message))
            await self._send(message)

    def _set(self, headers: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        if self._hsts:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_foreign(headers: Headers, *, host: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    except ValueError:  # it is no address
        return True
