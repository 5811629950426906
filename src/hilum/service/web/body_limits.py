"""How much a request may hold: what a file needs where files are sent, and little everywhere else."""

from __future__ import annotations

import re

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from hilum.service.web.schemas import API
from hilum.service.web.settings import MIB

_AROUND_A_FILE = MIB
"""What a request may hold beside the file: the other fields, boundaries and headers of parts."""

_WITHOUT_FILE = 64 * 1024
"""Enough for the longest note and any login; a whole file of JSON would be decoded at once, and hold up all others."""

_UPLOADS = re.compile(rf"{API}/readings|/dicom-web/studies(?:/[^/]*)?")


class BodyLimits:
    """Answers 413 to a request that holds more than its route needs, while it comes."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._with_file = RequestBodyLimitMiddleware(app, max_body_size=max_bytes + _AROUND_A_FILE)
        self._without_file = RequestBodyLimitMiddleware(app, max_body_size=_WITHOUT_FILE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, as long as it keeps to its limit."""
        is_upload = scope["type"] == "http" and _UPLOADS.fullmatch(scope["path"])
        await (self._with_file if is_upload else self._without_file)(scope, receive, send)
