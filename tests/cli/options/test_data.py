import json

import pytest
from PIL import Image

from fabricate_releases import fabricate_chestxray14, fabricate_class_folders, fabricate_own_table
from hilum.cli.options.data import called_by, read_as_trained, words_of_data
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.errors import UsageError


def test_releases_come_in_the_order_given(tmp_path):
    table, folder = fabricate_own_table(tmp_path / "a"), fabricate_class_folders(tmp_path / "b")
    mixed = read_as_trained([f"folder={folder}", f"Table={table}"])  # in whatever case
    assert [record.source for record in mixed.records] == ["folder"] * 4 + ["table"] * 3


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("nowhere", "there is no file or folder nowhere"),
        ("zoo=x", "No data set is called 'zoo'; the names are nih"),
        ("=x", "there is no file or folder x"),
    ],
)
def test_a_pair_that_is_none_is_refused(pair, message):
    with pytest.raises(UsageError, match=message):
        read_as_trained([pair])


def test_a_table_with_a_sign_in_its_name_is_a_path(tmp_path):
    table = fabricate_own_table(tmp_path / "own") / "table.csv"
    odd = table.with_name("set=1.csv")
    table.rename(odd)
    assert len(read_as_trained([str(odd)]).records) == 3
    assert words_of_data([str(odd)]) == ["--data", "table=set=1.csv"]
    assert called_by([str(odd)]) == "set=1"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"there is no file or folder .*gone\.csv for --data table"):
        read_as_trained([f"table={tmp_path / 'gone.csv'}"])


def test_a_copy_of_a_held_out_image_is_left_out_of_what_learns_and_rsnas_names_are_read(tmp_path, capsys):
    nih = fabricate_chestxray14(tmp_path / "nih")
    held_out = next(one for one in read_chestxray14(nih) if one.official == "test")
    own = tmp_path / "own"
    own.mkdir()
    Image.open(held_out.path).convert("L").resize((200, 190)).save(own / "again.jpg", quality=85)
    for name in ("ab-cd.png", "mine.png"):
        Image.effect_noise((40, 40), 90).save(own / name)
    rows = ["image,patient,split,truth:Mass", "again.jpg,a,train,1", "ab-cd.png,b,train,0", "mine.png,c,train,0"]
    (own / "table.csv").write_text("\n".join(rows))
    stem = held_out.image.partition(".")[0]
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps([{"subset_img_id": "ab-cd", "img_id": f"{stem[:8]}_099.png"}]))
    pairs = [f"nih={nih}", f"table={own}"]
    assert _of_table(read_as_trained(pairs)) == ["ab-cd.png", "mine.png"]
    assert "1 images left out" in capsys.readouterr().err
    mixed = read_as_trained(pairs, rsna=mapping)
    assert _of_table(mixed) == ["mine.png"]
    assert sorted(one.record.image for one in mixed.left_out) == ["ab-cd.png", "again.jpg"]


def _of_table(mixed):
    return [record.image for record in mixed.records if record.source == "table"]
