"""Sends images over DICOM as a modality called XRAY does, to a listener called HILUM on this machine."""

import io
from typing import Any

from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import ComputedRadiographyImageStorage


def send_images(port: int, datas: list[bytes]) -> list[int]:
    """Send images over one association; the status of each answer, -1 where there was none."""
    entity = AE(ae_title="XRAY")
    entity.add_requested_context(ComputedRadiographyImageStorage)
    association = entity.associate("127.0.0.1", port, ae_title="HILUM")
    assert association.is_established
    answers = [int(association.send_c_store(dcmread(io.BytesIO(data))).get("Status", -1)) for data in datas]
    association.release()
    return answers


def reachable(port: int) -> bool:
    """Whether a listener answers there."""
    association = _echo(port)
    if association.is_established:
        association.release()
        return True
    return False


def _echo(port: int) -> Any:
    entity = AE(ae_title="XRAY")
    entity.add_requested_context("1.2.840.10008.1.1")
    return entity.associate("127.0.0.1", port, ae_title="HILUM")
