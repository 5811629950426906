from hilum.systems.former_studies import FORMER_STUDIES
from hilum.systems.table import STUDIES


def test_a_former_name_leads_to_a_study_and_is_none_itself() -> None:
    assert set(FORMER_STUDIES.values()) <= set(STUDIES)
    assert not set(FORMER_STUDIES) & set(STUDIES)
