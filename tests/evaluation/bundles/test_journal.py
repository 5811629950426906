import json

import pytest

from hilum.errors import OutputError
from hilum.evaluation.bundles.journal import JOURNAL_NAME, JournalKey, JournalLine, PredictionJournal

KEY = JournalKey("b" * 64, "s" * 64, "p" * 64, "test")
GOOD = JournalLine("a.png", "1" * 64, (0.25, 1 / 3), in_scope=None)
BAD = JournalLine("b.png", "2" * 64, None, failed="decode: torn")


def write(folder, *lines):
    with PredictionJournal(folder, key=KEY) as journal:
        for line in lines:
            journal.add(line)
        return journal


def test_what_was_read_is_there_to_the_last_digit(tmp_path):
    write(tmp_path, GOOD)
    assert dict(write(tmp_path).read) == {"a.png": GOOD}


def test_failures_are_tried_again(tmp_path):
    write(tmp_path, GOOD, BAD)
    assert set(write(tmp_path).read) == {"a.png"}


@pytest.mark.parametrize("cut", [1, 20, 90])
def test_a_torn_last_line_is_dropped(tmp_path, cut):
    write(tmp_path, GOOD, JournalLine("c.png", "3" * 64, (0.5, 0.5)))
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(path.read_bytes()[:-cut])
    assert set(write(tmp_path).read) == {"a.png"}
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("field", ["bundle_sha256", "settings_sha256", "split_sha256", "part"])
def test_another_evaluations_journal_is_refused(tmp_path, field):
    write(tmp_path, GOOD)
    path = tmp_path / JOURNAL_NAME
    header, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(header) | {field: "other"}), *rest]) + "\n")
    with pytest.raises(OutputError, match="another model, split or version"):
        write(tmp_path)
    assert "a.png" in path.read_text()


def test_a_line_of_another_shape_is_read_again(tmp_path):
    write(tmp_path, GOOD)
    with (tmp_path / JOURNAL_NAME).open("a") as file:
        file.write('{"image": "x.png"}\n')
    assert set(write(tmp_path).read) == {"a.png"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / JOURNAL_NAME).mkdir()
    with pytest.raises(OutputError, match=JOURNAL_NAME):
        write(tmp_path)


def test_what_members_said_is_kept(tmp_path):
    line = JournalLine("a.png", "1" * 64, (0.25, 0.5), logits=(-1.0, 0.0), members=((-2.0, 0.5), (0.1, -0.1)))
    write(tmp_path, line)
    assert write(tmp_path).read["a.png"] == line
