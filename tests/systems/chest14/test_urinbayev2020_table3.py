import re
from pathlib import Path

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.report.published_table import published_beside
from hilum.evaluation.report.subject import ReportSubject
from hilum.evaluation.report.write import write_report
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14, chest14_local
from hilum.systems.chest14.urinbayev2020_table3 import REPRODUCTIONS, TABLE_3

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def predictions():
    return fabricate_predictions(patients=40, labels=("Effusion", "Atelectasis"))


def test_the_table_is_the_one_of_the_docs_page_and_has_the_fourteen():
    page = (ROOT / "docs/how-to/train-chest14.md").read_text()
    rows = re.findall(r"^\| ([A-Z][\w ]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", page, flags=re.MULTILINE)
    assert {name: tuple(map(float, values)) for name, *values in rows} == dict(TABLE_3.rows)
    assert sorted(TABLE_3.rows) == sorted(CHESTXRAY14)
    means = np.array(list(TABLE_3.rows.values())).mean(axis=0)
    assert TABLE_3.means == tuple(means.round(3)), "the means that are taken here"
    assert round(float(means[-1]), 2) == 0.84, "the mean that the paper reports"


def test_ours_stand_beside_under_another_protocol(predictions):
    judgement = judge(predictions, replicates=100)
    table = published_beside(TABLE_3, judgement=judgement)
    ours = {row[0]: row[1] for row in table.rows}
    known = {one.label: one.auroc for one in judgement.whole.labels}
    assert ours["Effusion"] is known["Effusion"]
    assert ours["Atelectasis"] is known["Atelectasis"]
    assert ours["Hernia"] is None
    assert table.rows[-1][:2] == ("mean", judgement.whole.mean_auroc)
    assert judgement.protocol in table.note
    assert [column for column in table.columns if "split not stated" in column] == list(table.columns[2:])


def test_the_report_shows_it(predictions, tmp_path):
    judgement = judge(predictions, replicates=100)
    subject = ReportSubject(
        title="t",
        predictions=predictions,
        judgement=judgement,
        published=published_beside(TABLE_3, judgement=judgement),
    )
    written = write_report(subject, folder=tmp_path)
    assert "Urinbayev et al. 2020, table III" in written.page.read_text()
    assert (tmp_path / "tables" / "published.csv").read_text().splitlines()[-1].startswith("mean,")


def test_it_is_for_what_the_recipes_make():
    assert {recipe(RandomWeights()).name for recipe in (chest14, chest14_local)} == set(REPRODUCTIONS)
