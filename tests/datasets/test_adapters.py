import pytest

from hilum.datasets.adapters import ADAPTERS, RELEASES
from hilum.errors import DataError


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_empty_folder_is_refused_in_one_line(name, tmp_path):
    with pytest.raises(DataError) as caught:
        ADAPTERS[name](tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_release_is_an_adapter():
    assert list(ADAPTERS) == list(RELEASES)
