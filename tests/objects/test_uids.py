"""UIDs that follow from what they name."""

import re
import uuid

from hilum.objects.uids import derived_uid


def test_a_uid_is_that_of_a_uuid_of_version_8_and_always_the_same() -> None:
    found = derived_uid("image", "model", "settings")
    assert found == derived_uid("image", "model", "settings")
    assert re.fullmatch(r"2\.25\.[1-9][0-9]{30,38}", found)
    number = uuid.UUID(int=int(found.removeprefix("2.25.")))
    assert (number.version, number.variant) == (8, uuid.RFC_4122)


def test_parts_do_not_run_together() -> None:
    assert derived_uid("ab", "c") != derived_uid("a", "bc")
