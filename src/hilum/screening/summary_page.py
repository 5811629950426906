"""The page of a finished screening: how many films, what became of them, and what was found."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from hilum.report.templating import asset, content_security_policy, environment
from hilum.report.wording import RESEARCH_USE
from hilum.screening.plan import Plan
from hilum.screening.tally import LISTED_FAILURES, Tally

FAILURES_IN_WORDS = {
    "missing": "There is no such file",
    "file": "The file cannot be opened",
    "store": "The object store did not give it",
    "decode": "No radiograph that can be decoded, or a damaged one",
    "refused": "Sound, but reading it would need a guess",
    "limit": "Larger than the limits allow",
    "killed": "Three readers died on it",
    "engine": "The network gave no number",
    "internal": "A defect of hilum",
}
_GATES = {
    "accepted": "Radiograph, read",
    "refused": "Refused: no radiograph, or none that a model reads",
    "unsure": "The gate is unsure",
    "not judged": "Not judged",
}


def summary_page(plan: Plan, tally: Tally) -> str:
    """The page as HTML text; the same plan and counts give the same text, and nothing in it comes from outside."""
    style = Markup("{}\n{}").format(asset("base.css"), Markup(_own_style()))
    failed = tally.failures.total()
    contents = tally.films - tally.copies
    return (
        environment("hilum.screening")
        .get_template("summary.html.j2")
        .render(
            csp=content_security_policy(style=style, script=""),
            style=style,
            research_use=RESEARCH_USE,
            plan=plan,
            counts=[
                (tally.films, "films planned"),
                (tally.copies, "copy of another film" if tally.copies == 1 else "copies of other films"),
                (contents, "different films"),
                (tally.read, "read"),
                (failed, "not read"),
            ],
            findings=[
                (model, name, found, _percent(found.positive, found.positive + found.negative))
                for (model, name), found in tally.findings.items()
            ],
            gates=[
                (_GATES.get(name, name), count, _percent(count, tally.read))
                for name, count in tally.gates.most_common()
            ],
            types=[(name, count, _percent(count, tally.read)) for name, count in tally.types.most_common()],
            failures=[(FAILURES_IN_WORDS.get(kind, kind), count) for kind, count in tally.failures.most_common()],
            failed=tally.failed,
            more_failed=max(0, failed - LISTED_FAILURES),
        )
    )


def _percent(count: int, total: int) -> str:
    return "–" if total == 0 else f"{count / total:.1%}"


def _own_style() -> str:
    return files("hilum.screening").joinpath("templates", "summary.css").read_text(encoding="utf-8")
