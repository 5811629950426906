import pytest

from hilum.errors import UsageError, require


def test_what_is_needed_is_said_with_what_was_given() -> None:
    require("The recipe", True, "at least one stage", "x")
    with pytest.raises(UsageError, match=r"^The recipe needs at least one stage; given: x$"):
        require("The recipe", False, "at least one stage", "x")
