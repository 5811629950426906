import pytest

from hilum.datasets.whole_file import write_whole_file


def test_a_file_replaces_what_stood_there(tmp_path):
    path = tmp_path / "list.json"
    path.write_text("old")
    write_whole_file(path, write=lambda file: file.write(b"new") and None)
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["list.json"]


def test_a_writer_that_fails_leaves_what_stood_there_and_nothing_else(tmp_path):
    path = tmp_path / "list.json"
    path.write_text("old")

    def fail(file):
        file.write(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole_file(path, write=fail)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["list.json"]
