from pathlib import Path

import numpy as np
import pytest

from fabricate_study import RUN, fabricate_arms
from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.study.page import render_study
from hilum.evaluation.study.read import study_content
from hilum.evaluation.study.tables import study_tables
from hilum.networks.starting_weights import RandomWeights
from hilum.statistics.estimate import Estimate
from hilum.systems.pneumonia import look_at_test
from hilum.systems.pneumonia.arms import paper_arms
from hilum.systems.pneumonia.costs import Costs
from hilum.systems.pneumonia.errors import FoldErrors
from hilum.systems.pneumonia.measures import measures
from hilum.systems.pneumonia.network_arms import network_arms
from hilum.systems.pneumonia.sections import (
    ArmRecord,
    PneumoniaRecord,
    costs_table,
    networks_section,
    published_section,
)
from hilum.systems.pneumonia.study import pneumonia_study

WORDS = tuple(one.words for one in (*paper_arms(RandomWeights()), *network_arms(RandomWeights(), starts=None)))
STUDY = pneumonia_study(WORDS)
ROWS = ({"update": 10.0, "train/loss": 0.6, "validation/loss": 0.5, "validation/accuracy": 0.8},)


@pytest.fixture(scope="module")
def content():
    arms = fabricate_arms(
        strength={one.arm.name: 0.7 + 0.1 * place for place, one in enumerate(WORDS)}, labels=(LABEL,), rare=0.6
    )
    return study_content(STUDY, predictions=arms, run=RUN, replicates=50)


def record_of(content, *, looks=None):
    """Every arm at the same costs, and what the page needs of its folds."""
    predictions = dict(zip(content.predictions.models, content.predictions.predictions, strict=True))
    costs = Costs(parameters=2_225_153, megabytes=8.96, milliseconds=12.34)
    errors = (FoldErrors(folder=Path("nowhere"), drawn=(), false_alarms=()),)
    arms = {
        one.arm.name: ArmRecord(
            title=one.arm.title,
            uncalibrated=predictions[one.arm.name],
            started_from="random weights",
            balance=one.balance,
            costs=costs,
            curves=(ROWS,),
            errors=errors,
        )
        for one in WORDS
    }
    sharpness = np.linspace(0.01, 0.02, content.predictions.first.n)
    return PneumoniaRecord(arms=arms, sharpness=sharpness, looks=looks or {})


def sections_of(content, *, looks=None):
    record = record_of(content, looks=looks)
    measured = {name: measures(one.uncalibrated) for name, one in record.arms.items()}
    return (
        published_section(record, measured=measured),
        networks_section(record, measured=measured, content=content),
    )


def look(n):
    share = Estimate(0.78125, (0.75, 0.8125), method="clustered Wilson")
    return look_at_test.TestLook(n=n, accuracy=share, sensitivity=share, specificity=share)


def accuracies(content, looks):
    return sections_of(content, looks=looks)[0].tables[0]


def test_a_look_shows_on_how_many_of_the_papers_images_it_was(content):
    whole, part = accuracies(content, {"random": look(624)}), accuracies(content, {"random": look(292)})
    assert [row[-1] for row in whole.rows] == ["624", None]
    assert [row[-1] for row in part.rows] == ["292 of 624", None]
    assert "has not all of the paper's 624 images" in part.note
    assert "has not all" not in whole.note
    assert accuracies(content, {}).rows[0][-2:] == (None, None)


def test_costs_stand_apart_from_what_networks_reach(content):
    networks = sections_of(content)[1].tables[0]
    assert len(networks.columns) == 9
    assert {len(row) for row in networks.rows} == {9}
    costs = costs_table(record_of(content))
    assert costs.rows[0][1:] == (2.225153, 8.96, 12.34)


def test_the_page_shows_the_papers_digits_and_costs_to_a_decimal(content):
    sections = sections_of(content, looks={"random": look(292)})
    page = render_study(
        STUDY, content=content, tables=study_tables(STUDY, content=content), figures=(), sections=sections
    )
    assert '<td class="right">0.7837</td>' in page
    for digits in ("2.2", "9.0", "12.3"):
        assert f'<td class="right">{digits}</td>' in page
