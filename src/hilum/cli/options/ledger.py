"""`--ledger`: the file that counts the looks at held-out images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.evaluation.bundles.ledger import LEDGER_VARIABLE

LedgerOption = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help=f"The file that counts evaluations of held-out images. [dim]default: {LEDGER_VARIABLE}, else the "
        "project's LEDGER.jsonl[/]",
    ),
]
"""The option of every command that looks at held-out images; `bundles.ledger.ledger_path` reads it."""
