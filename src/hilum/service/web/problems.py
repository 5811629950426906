"""Errors as RFC 9457 describes them: JSON with a title, the status and, in plain English, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hilum.errors import BusyError, DecodeError, HilumError, LimitError, OutputError, UsageError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, as RFC 9457 describes it."""

    type: str = Field(default="about:blank", description="Always about:blank: the status says what kind it is.")
    title: str = Field(description="The status in words.", examples=["Content Too Large"])
    status: int = Field(description="The HTTP status.", examples=[413])
    detail: str = Field(
        description="What is wrong, and what to do.", examples=["The file is larger than 64 MiB; send a smaller one."]
    )


class ProblemError(Exception):
    """An error that becomes a problem's response."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response of a problem."""
    body = Problem(title=_title(status), status=status, detail=detail[:1].upper() + detail[1:])
    return JSONResponse(body.model_dump(), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares in its description: the problems that it may answer with."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _title(status), "model": Problem, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }


def install_problems(app: FastAPI, *, retry_after_s: int) -> None:
    """Let every error of `app` be a problem; a full queue tells how long to wait."""

    async def of_problem(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem(error.status, error.detail, headers=error.headers)

    async def of_http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = _PLAIN.get(error.status_code, f"{error.detail}.")
        return problem(error.status_code, said, headers=error.headers)

    async def of_validation(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(422, f"{'; '.join(map(_in_words, error.errors()))}.")

    async def of_hilum(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HilumError)
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
        headers = {"Retry-After": str(retry_after_s)} if status == 503 else None
        return problem(status, f"{error}.", headers=headers)

    app.add_exception_handler(ProblemError, of_problem)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HilumError, of_hilum)


_STATUSES: tuple[tuple[type[HilumError], int], ...] = (
    (BusyError, 503),
    (OutputError, 503),
    (LimitError, 413),
    (DecodeError, 415),
    (UsageError, 422),
)


_PLAIN = {
    404: "There is nothing at this address.",
    405: "This address takes no such request.",
    413: "The request is larger than the service takes; send a smaller file.",
}


def _in_words(error: Mapping[str, Any]) -> str:
    """What is wrong with one field, such as `file is missing`."""
    name = ".".join(map(str, error["loc"][1:])) or "the body"
    return f"{name} is missing" if error["type"] == "missing" else f"{name}: {error['msg']}"


def _title(status: int) -> str:
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status, HTTPStatus(status).phrase)
