"""A report as JSON: the judgement's own object, with what the page says of data, model, exclusions and look."""

from __future__ import annotations

import json
from typing import Any

from hilum.evaluation.checklist import checklist
from hilum.evaluation.exclusions import by_reason
from hilum.evaluation.judgement_json import judgement_json
from hilum.evaluation.report_subject import ReportSubject

SCHEMA = "hilum.report/1"


def report_json(subject: ReportSubject) -> bytes:
    """`report.json`, UTF-8; nothing in it is NaN, and it names no image."""
    items = checklist(subject.filled)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "title": subject.title,
        "smoke": subject.smoke,
        "cautions": list(subject.cautions),
        "judgement": judgement_json(subject.judgement),
        "facts": {facts.title: [list(row) for row in facts.rows] for facts in subject.facts},
        "exclusions": None if subject.exclusions is None else by_reason(subject.exclusions),
        "checklist": [
            {"claim_2024": item.claim, "tripod_ai": item.tripod, "topic": item.topic, "filled": item.filled}
            for item in items
        ],
        "ledger": subject.ledger,
    }
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
