import jinja2
import pytest
from markupsafe import Markup

from hilum.evaluation.report.templating import page_environment
from hilum.statistics.estimate import Estimate


def rendered(template: str, **values: object) -> str:
    return page_environment().from_string(template).render(**values)


def test_text_is_escaped_and_loses_control_characters() -> None:
    assert rendered("{{ x }}", x='<script>"') == "&lt;script&gt;&#34;"
    assert "\x1b" not in rendered("{{ x }}", x="a\x1b[31mb")
    assert rendered("{{ x }}", x=Markup("<b>")) == "<b>"


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered("{{ nobody }}")


def test_filters_and_the_test_of_estimates() -> None:
    estimate = Estimate(0.5, (0.25, 0.75), 0)
    assert rendered("{{ x | cell }}", x=estimate) == "0.500 [0.250, 0.750]"
    assert rendered("{{ x is estimate }} {{ 1 is estimate }}", x=estimate) == "True False"
    assert rendered('{{ 2 | counted("row") }}') == "2 rows"
    assert rendered("{{ x | png }}", x=b"\x89PNG").startswith("data:image/png;base64,")
