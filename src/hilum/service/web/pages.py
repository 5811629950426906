"""The pages: log in, send files and work through the list, look at a reading and say what one thinks of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from hilum.report.templating import environment
from hilum.report.urgency import NO_JUDGEMENT, RANKS, SORT_WORDS
from hilum.report.wording import probability_text
from hilum.service.store.kept_objects import kept_objects
from hilum.service.store.names import tame_text
from hilum.service.web.access import (
    LOCAL,
    LOGIN,
    TheUser,
    address_of,
    check_attempts,
    cookie_name,
    session_of,
    user_of,
)
from hilum.service.web.opinion_tables import DECISIONS
from hilum.service.web.passwords import is_password
from hilum.service.web.problems import ProblemError
from hilum.service.web.rest import JobId, job_or_404, note
from hilum.service.web.schemas import objects_out, reading_out
from hilum.service.web.service import Service, TheService

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).with_name("static")
"""Styles and scripts, as they are sent: nothing is built."""


@router.get("/")
def worklist(request: Request, service: TheService) -> Response:
    """Send files, and the worklist."""
    order = f"{SORT_WORDS}. {NO_JUDGEMENT}"
    return _page("worklist.html.j2", request, service, ranks=(*RANKS, "waiting"), order=order)


@router.get("/readings/{job_id}")
def reading(request: Request, service: TheService, job_id: JobId) -> Response:
    """One reading: its page, and beside it what people think of each finding."""
    if _has_to_log_in(request, service):
        return RedirectResponse(LOGIN, status_code=303)
    job = job_or_404(service, job_id)
    if job.reading is not None:
        note("view", job, user=user_of(request, service), service=service)
    found = reading_out(job, files=service.store.files, whole=True)
    findings = [] if found.reading is None else found.reading.get("findings", [])
    rows = [
        {
            "model": each["model"],
            "name": each["name"],
            "said": f"{probability_text(each['probability'])}, {DECISIONS[each['positive']]}",
        }
        for each in findings
    ]
    kept = kept_objects(service.store.files, job.id) if job.state == "done" else None
    objects = None if kept is None or not kept.objects else objects_out(job, kept=kept)
    why_none = "" if kept is None else kept.refused
    return _page("reading.html.j2", request, service, job=found, findings=rows, objects=objects, why_none=why_none)


@router.get(LOGIN)
def login_page(request: Request, service: TheService) -> Response:
    """Who one is, and the password."""
    if not _has_to_log_in(request, service):
        return RedirectResponse("/", status_code=303)
    return _login(service, wrong="")


@router.post(LOGIN)
def login(
    request: Request,
    service: TheService,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Log in: a cookie that scripts cannot read and other sites cannot send."""
    address, hashed = address_of(request), service.settings.password_hash
    check_attempts(service, address=address)
    who = tame_text(name)
    if hashed is None:
        raise ProblemError(403, "This service takes tokens alone; ask who runs it.")
    if not who or not is_password(password, hashed=hashed):
        service.attempts.failed(address)
        service.store.audit.add("login refused", who="", address=address)
        return _login(service, wrong="The password is not right, or the name is empty.")
    service.store.audit.add("login", who=who, address=address)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        cookie_name(service),
        service.sessions.begin(who),
        max_age=int(service.settings.session_s),
        path="/",
        secure=service.settings.tls,
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout")
def logout(request: Request, service: TheService, user: TheUser) -> Response:
    """Log out, of this browser."""
    name = cookie_name(service)
    service.sessions.end(request.cookies.get(name, ""))
    service.store.audit.add("logout", who=user.name, address=user.address)
    answer = RedirectResponse(LOGIN, status_code=303)
    answer.delete_cookie(name, path="/", secure=service.settings.tls, httponly=True, samesite="strict")
    return answer


def _has_to_log_in(request: Request, service: Service) -> bool:
    return service.settings.needs_login and session_of(request, service) is None


def _page(template: str, request: Request, service: Service, **values: object) -> Response:
    if _has_to_log_in(request, service):
        return RedirectResponse(LOGIN, status_code=303)
    user = user_of(request, service)
    shown = {"csrf": user.csrf, "who": "" if user.name == LOCAL else user.name, **values}
    return HTMLResponse(environment("hilum.service.web").get_template(template).render(shown))


def _login(service: Service, *, wrong: str) -> Response:
    text = environment("hilum.service.web").get_template("login.html.j2").render(
        csrf="", who="", wrong=wrong, by_password=service.settings.password_hash is not None
    )  # fmt: skip
    return HTMLResponse(text, status_code=401 if wrong else 200)
