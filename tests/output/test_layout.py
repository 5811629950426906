"""The names of outputs never meet."""

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from hilum.output.layout import clashes, output_paths

PARTS = st.sampled_from(["a", "index", "a.json", "a.html", "index.html", "a.overlay", "a.overlay.jpg", "a.png"])
RELATIVES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


def test_outputs_are_the_path_with_one_ending_more() -> None:
    paths = output_paths("a/chest.dcm")
    assert (paths.json, paths.overlay, paths.page) == (
        "a/chest.dcm.json",
        "a/chest.dcm.overlay.jpg",
        "a/chest.dcm.html",
    )


def test_image_called_index_would_overwrite_the_index() -> None:
    assert clashes(["index", "a/index", "index.png"]) == {
        "index": "The name of the output index.html is taken. Rename the image"
    }


def test_output_with_the_name_of_a_folder() -> None:
    assert set(clashes(["a", "a.json/x.png"])) == {"a"}


@given(st.sets(RELATIVES, max_size=8))
def test_what_does_not_clash_can_be_written_side_by_side(relatives: set[str]) -> None:
    kept = relatives - set(clashes(relatives))
    paths = [output_paths(relative) for relative in kept]
    files = [name for path in paths for name in (path.json, path.overlay, path.page)] + ["index.html"]
    assert len(set(files)) == len(files)
    folders = {parent.as_posix() for name in files for parent in PurePosixPath(name).parents}
    assert not folders & set(files)
