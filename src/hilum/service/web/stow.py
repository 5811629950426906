"""DICOMweb's STOW-RS: studies in, as PS3.18 describes; there is no way out here, the reading is the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from hilum.errors import BusyError, DecodeError, LimitError, OutputError
from hilum.imaging.dicom.file import read_dicom_file
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.imaging.files.sniff import sniff
from hilum.imaging.pixels.limits import Limits
from hilum.service.web.access import TheUser, User
from hilum.service.web.problems import declared
from hilum.service.web.related_parts import Part, related_parts
from hilum.service.web.service import Service, TheService
from hilum.service.web.uploads import accept
from hilum.stated import NOTHING_STATED

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])

_NO_RESOURCES, _NOT_UNDERSTOOD, _WRONG_STUDY, _NOT_SUPPORTED = 0xA700, 0xC000, 0x0110, 0x0122

REASONS = {
    _NO_RESOURCES: "the queue or the disk is full; send it again later",
    _NOT_UNDERSTOOD: "no DICOM object, damaged, too large, or without a SOP Class or SOP Instance UID",
    _WRONG_STUDY: "the object belongs to another study than the address names",
    _NOT_SUPPORTED: "no image",
}
"""Failure reasons of PS3.18, table I.2-2."""

RETRIEVE_URL, FAILED, REFERENCED, OTHER_FAILURES = "00081190", "00081198", "00081199", "0008119A"
"""What the answer holds (PS3.18, table I.1-1); its URLs are empty, since nothing is given out here."""

_NO_URL = {"vr": "UR"}
_JSON = "application/dicom+json"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {'multipart/related; type="application/dicom"': {"schema": {"type": "string", "format": "binary"}}},
    }
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "All objects were accepted.", "content": {_JSON: {}}},
    202: {"description": "Some were; the others have a reason each.", "content": {_JSON: {}}},
    409: {"description": "None was; each has its reason.", "content": {_JSON: {}}},
    **declared(400, 401, 403, 413, 415, 422, 429, 500, 503),
}


@dataclass(frozen=True, slots=True)
class _Object:
    """What identifies a DICOM object, empty where it says nothing."""

    sop_class: str = ""
    sop_instance: str = ""
    study: str = ""
    is_image: bool = False

    @property
    def is_named(self) -> bool:
        """Whether an item of the answer can refer to it."""
        return bool(self.sop_class and self.sop_instance)


@router.post(
    "/studies", summary="Send DICOM objects", response_class=JSONResponse, responses=_RESPONSES, openapi_extra=_BODY
)
async def store_any(request: Request, service: TheService, user: TheUser) -> JSONResponse:
    """Accept DICOM images of any study (STOW-RS)."""
    return await _store(request, study=None, service=service, user=user)


@router.post(
    "/studies/{study}",
    summary="Send DICOM objects of one study",
    response_class=JSONResponse,
    responses=_RESPONSES,
    openapi_extra=_BODY,
)
async def store_study(
    request: Request,
    service: TheService,
    user: TheUser,
    study: Annotated[str, Path(pattern=r"^[0-9.]{1,64}$", description="The Study Instance UID.", examples=["1.2.3"])],
) -> JSONResponse:
    """Accept DICOM images of one study (STOW-RS); an object of another study is refused."""
    return await _store(request, study=study, service=service, user=user)


async def _store(request: Request, *, study: str | None, service: Service, user: User) -> JSONResponse:
    body = await request.body()
    parts = related_parts(body, content_type=request.headers.get("content-type", ""))
    return await run_in_threadpool(_accept_all, parts, study=study, service=service, user=user)


def _accept_all(parts: list[Part], *, study: str | None, service: Service, user: User) -> JSONResponse:
    items: dict[str, list[dict[str, Any]]] = {REFERENCED: [], FAILED: [], OTHER_FAILURES: []}
    busy: BusyError | OutputError | None = None
    limits = Limits(max_bytes=service.settings.max_bytes)
    for part in parts:
        data = bytes(part.data)
        is_dicom = part.content_type in ("", "application/dicom")
        described = _describe(data, limits=limits) if is_dicom else None
        reason = _reason_against(described, study=study)
        if described is not None and reason is None:
            try:
                name = f"{described.sop_instance}.dcm"
                accept(data, name=name, stated=NOTHING_STATED, origin="stow", user=user, service=service)
            except (BusyError, OutputError) as error:
                busy, reason = error, _NO_RESOURCES
            except (DecodeError, LimitError):
                reason = _NOT_UNDERSTOOD
        sequence, item = _item(described or _Object(), reason=reason)
        items[sequence].append(item)
    all_stored = not items[FAILED] and not items[OTHER_FAILURES]
    if busy is not None and not items[REFERENCED]:
        raise busy
    answer = {RETRIEVE_URL: _NO_URL, **{tag: {"vr": "SQ", "Value": those} for tag, those in items.items() if those}}
    status = 200 if all_stored else 202 if items[REFERENCED] else 409
    return JSONResponse(answer, status_code=status, media_type=_JSON)


def _describe(data: bytes, *, limits: Limits) -> _Object | None:
    """What the object says of itself; None where it is no DICOM object, or inflates over the limits."""
    try:
        if sniff(data) != "DICOM":
            return None
        with without_pydicom_warnings():
            file = read_dicom_file(data, limits=limits)
            found = file.elements
            return _Object(
                file.sop_class or "",
                str(found.get("SOPInstanceUID", "")),
                str(found.get("StudyInstanceUID", "")),
                "Rows" in found,
            )
    except Exception:  # noqa: BLE001 - whatever a library makes of foreign bytes, this part is refused and the rest kept
        return None


def _reason_against(described: _Object | None, *, study: str | None) -> int | None:
    if described is None or not described.is_named:
        return _NOT_UNDERSTOOD
    if study is not None and described.study != study:
        return _WRONG_STUDY
    return None if described.is_image else _NOT_SUPPORTED


def _item(described: _Object, *, reason: int | None) -> tuple[str, dict[str, Any]]:
    """An item of the answer, and the sequence that it belongs into; `reason` is why the object was not stored."""
    why = {} if reason is None else {"00081197": {"vr": "US", "Value": [reason]}}
    if not described.is_named:
        return OTHER_FAILURES, why
    names = {
        "00081150": {"vr": "UI", "Value": [described.sop_class]},
        "00081155": {"vr": "UI", "Value": [described.sop_instance]},
    }
    return (REFERENCED, {**names, RETRIEVE_URL: _NO_URL}) if reason is None else (FAILED, {**names, **why})
