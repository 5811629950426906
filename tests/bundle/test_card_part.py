"""What every part of a card has in common."""

import pytest
from pydantic import ValidationError

from hilum.bundle.card_part import Part, Sha256


class Toy(Part):
    sha256: Sha256


def test_a_part_cannot_be_changed_and_refuses_fields_that_it_does_not_know():
    made = Toy(sha256="0f" * 32)
    with pytest.raises(ValidationError, match="frozen"):
        made.sha256 = "1" * 64
    with pytest.raises(ValidationError, match="more"):
        Toy(sha256="0f" * 32, more=1)


@pytest.mark.parametrize("wrong", ["", "0" * 63, "0" * 65, "0F" * 32, "0" * 64 + "\n"])
def test_a_hash_is_64_lower_case_hexadecimal_digits(wrong):
    with pytest.raises(ValidationError, match="sha256"):
        Toy(sha256=wrong)
