import pytest

from hilum.datasets.prepared.drawing_memory import MEMORY_NAME
from hilum.datasets.prepared.lung_boxes import DrawnBox, remembered_boxes
from hilum.errors import OutputError
from hilum.geometry import Box

DRAWN = DrawnBox(Box(1.25, 2.5, 30.0, 40.125), trusted=True, flags=("one region", "mirrored"))


def test_a_box_is_found_by_the_file_and_by_what_drew_it(tmp_path):
    with remembered_boxes(tmp_path / "cache", drawer="one") as memory:
        memory.keep("a", DRAWN)
        memory.keep("b", DrawnBox(DRAWN.box, trusted=False, flags=()))
    with remembered_boxes(tmp_path / "cache", drawer="one") as memory:
        assert memory.find("a") == DRAWN
        assert memory.find("b").usable is None
        assert memory.find("c") is None
    with remembered_boxes(tmp_path / "cache", drawer="two") as memory:
        assert memory.find("a") is None, "another bundle draws anew"


def test_what_was_drawn_before_a_failure_is_kept(tmp_path):
    with pytest.raises(KeyError), remembered_boxes(tmp_path, drawer="one") as memory:
        {}[memory.keep("a", DRAWN)]
    with remembered_boxes(tmp_path, drawer="one") as memory:
        assert memory.find("a") == DRAWN


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with remembered_boxes(None, drawer="one") as memory:
        memory.keep("a", DRAWN)
        memory.save()
        assert memory.find("a") == DRAWN
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_memory_is_refused_in_one_line(tmp_path):
    (tmp_path / MEMORY_NAME).write_bytes(b"no database at all" * 100)
    with (
        pytest.raises(OutputError, match=r"lung-boxes\.sqlite.*Remove the file"),
        remembered_boxes(tmp_path, drawer=""),
    ):
        pass
    with pytest.raises(OutputError), remembered_boxes(tmp_path / MEMORY_NAME, drawer=""):
        pass
