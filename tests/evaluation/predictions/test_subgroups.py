from dataclasses import replace

import numpy as np

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.predictions.subgroups import subgroups


def test_every_row_is_in_one_group_of_each_column() -> None:
    p = fabricate_predictions()
    groups = subgroups(p)
    assert list(groups) == ["age band", "sex", "view", "source"]
    for masks in groups.values():
        assert (np.sum(list(masks.values()), axis=0) == 1).all()
    assert set(groups["sex"]) == {"F", "M", "unknown"}
    assert groups["view"]["PA"].tolist() == [view == "PA" for view in p.view or ()]


def test_age_bands_begin_at_their_first_year() -> None:
    p = fabricate_predictions(patients=12)
    ages = np.resize([0.0, 4.99, 5.0, 17.9, 18.0, 40.0, 80.0, 103.0, np.nan], p.n)
    bands = subgroups(replace(p, age_years=ages))["age band"]
    assert {name: sorted(set(ages[rows][~np.isnan(ages[rows])].tolist())) for name, rows in bands.items()} == {
        "0 to 4": [0.0, 4.99],
        "5 to 17": [5.0, 17.9],
        "18 to 39": [18.0],
        "40 to 59": [40.0],
        "80 and over": [80.0, 103.0],
        "unknown": [],
    }  # 60 to 79 is empty, and not there


def test_columns_that_the_file_lacks_are_not_there() -> None:
    assert subgroups(replace(fabricate_predictions(), age_years=None, sex=None, view=None, source=None)) == {}
