import pytest
from pydicom.sr.codedict import codes

from hilum.errors import DataError
from hilum.findings import FINDINGS, finding


def test_no_name_or_alias_means_two_things():
    names = [name.casefold() for concept in FINDINGS for name in (concept.name, *concept.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("concept", [c for c in FINDINGS if c.scheme != "99HILUM"], ids=lambda c: c.name)
def test_codes_stand_in_pydicoms_dictionary(concept):
    assert concept.code in {code.value for code in getattr(codes, concept.scheme).concepts.values()}


def test_private_codes_are_unique():
    private = [concept.code for concept in FINDINGS if concept.scheme == "99HILUM"]
    assert len(private) == len(set(private))


@pytest.mark.parametrize(
    ("alias", "name"),
    [("Pleural_Thickening", "Pleural Thickening"), ("pleural effusion", "Effusion"), ("Infiltrate", "Infiltration"),
     ("Brocho-pneumonia", "Broncho-pneumonia"), ("Diffuse aveolar opacity", "Diffuse alveolar opacity")],
)  # fmt: skip
def test_names_of_releases_are_one_vocabulary(alias, name):
    assert finding(alias).name == name


def test_an_unknown_name_is_refused():
    with pytest.raises(DataError, match="'Lump' is not a finding that hilum knows"):
        finding("Lump")
