import numpy as np
import pytest

from fabricate_dicom import dicom_bytes
from hilum.datasets.releases.siim_pneumothorax import list_siim_pneumothorax, read_siim_pneumothorax
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    (tmp_path / "train-rle.csv").write_text("ImageId, EncodedPixels\n1.2.1,3 4 5\n1.2.1,9 9\n1.2.2, -1\n1.2.3, -1\n")
    for number, image in enumerate(("1.2.1", "1.2.2")):
        folder = tmp_path / "dicom-images-train" / f"study{number}" / "series"
        folder.mkdir(parents=True)
        pixels = np.full((16, 16), 100 + number, np.uint16)
        tags = {"PatientAge": "050Y", "PatientSex": "F", "ViewPosition": "AP"}
        (folder / f"{image}.dcm").write_bytes(dicom_bytes(pixels, bits=12, **tags))
    return tmp_path


def test_an_outlined_image_has_a_pneumothorax(release):
    ill, well = read_siim_pneumothorax(release)
    assert (ill.image, ill.labels, ill.view, ill.age_years) == ("1.2.1.dcm", {"Pneumothorax": 1.0}, "AP", 50.0)
    assert well.labels == {"Pneumothorax": 0.0}
    assert well.patient == "siim_pneumothorax:1.2.2"


def test_the_listing_names_what_is_missing_too(release):
    listing = list_siim_pneumothorax(release)
    assert list(listing.images) == ["1.2.1.dcm", "1.2.2.dcm", "1.2.3.dcm"]
    assert listing.counts["train"].images == 3


def test_pictures_of_other_names_are_refused(release):
    for number, path in enumerate(sorted(release.rglob("*.dcm"))):
        path.rename(path.with_name(f"renamed{number}.dcm"))
    with pytest.raises(
        DataError, match=r"holds no picture .* such as 1\.2\.1\.dcm\. Give the folder .*, and keep its files' names"
    ):
        read_siim_pneumothorax(release)
