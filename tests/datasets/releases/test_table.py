import pytest

from hilum.datasets.releases.table import RELEASES, citation_of, releases_in
from hilum.errors import DataError


@pytest.mark.parametrize("name", RELEASES)
def test_an_empty_folder_is_refused_in_one_line(name, tmp_path):
    with pytest.raises(DataError) as caught:
        RELEASES[name].read(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_releases_are_found_in_the_folders_of_a_data_folder_in_the_order_asked(tmp_path):
    for folder in ("kermany/chest_xray", "lungs_tb", "mura"):
        (tmp_path / folder).mkdir(parents=True)
    found = releases_in(tmp_path, among=("mura", "montgomery_shenzhen", "nih", "kermany"))
    assert list(found.items()) == [
        ("mura", tmp_path / "mura"),
        ("montgomery_shenzhen", tmp_path / "lungs_tb"),
        ("kermany", tmp_path / "kermany" / "chest_xray"),
    ]


def test_a_release_is_cited_by_its_key_and_by_the_source_of_its_records():
    assert citation_of("montgomery_shenzhen") == citation_of("lungs_tb") == RELEASES["montgomery_shenzhen"].licence
    assert citation_of("table") is None
    assert citation_of("nobody") is None
