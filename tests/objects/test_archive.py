"""Objects in a real archive: sent over the network and asked for again, they are what they were."""

import io
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom import AE

import hilum
from fabricate_study_image import read_image, study_image
from run_orthanc import free_port, orthanc


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["dx without body part and orientation", "japanese", "empty ids"])
def test_objects_come_back_from_an_archive_as_they_were(variant: str, tmp_path: Path) -> None:
    data = study_image(variant)
    sent = [one.dataset for one in hilum.dicom_objects(read_image(data), source=data)]
    with orthanc(tmp_path / "archive", callers={"HILUM": free_port()}) as archive:
        entity = AE(ae_title="HILUM")
        for one in sent:
            entity.add_requested_context(one.SOPClassUID, one.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", archive.dicom_port, ae_title=archive.title)
        assert association.is_established
        for _ in range(2):  # again, as a sender that saw no answer does
            assert [association.send_c_store(one).Status for one in sent] == [0] * len(sent)
        association.release()
        instances = archive.get("/instances")
        kept = [dcmread(io.BytesIO(archive.get_bytes(f"/instances/{each}/file"))) for each in instances]
    assert len(kept) == len(sent)
    by_uid = {one.SOPInstanceUID: one.to_json_dict() for one in kept}
    assert by_uid == {one.SOPInstanceUID: one.to_json_dict() for one in sent}
