"""`hilum ledger`: the looks at held-out images, and whether the file that counts them is as it was written."""

from __future__ import annotations

import json

import typer
from rich.table import Table
from rich.text import Text

from hilum.cli.options.judging import OneJsonOption
from hilum.cli.options.ledger import LedgerOption
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.judgement_table import plain_table
from hilum.cli.terminal.say import one_line, say
from hilum.evaluation.bundles.ledger import Look, broken_links, ledger_path, looks, read_ledger
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.statistics.estimate import Estimate

app = typer.Typer(
    help="List the evaluations of held-out images, and check the file that counts them.",
    epilog="[bold]Examples[/]\n\nhilum ledger\n\nhilum ledger --json\n\nExit code 1: a line was changed or removed.",
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command("ledger")
def show_ledger(
    *,
    ledger: LedgerOption = None,
    as_json: OneJsonOption = False,
) -> None:
    """List every evaluation in the ledger, oldest first, and say which lines were changed or removed since."""
    path = ledger_path(ledger)
    found, broken = looks(read_ledger(path)), broken_links(path)
    if as_json:
        content = [{**look.fields, "ended": look.ended} for look in found]
        typer.echo(json.dumps({"ledger": str(path), "looks": content, "broken": broken}, indent=2))
    else:
        if found:
            output_console().print(_table(found))
        say(f"evaluations of held-out images in {path}: {len(found)}")
    for sentence in broken:
        say(f"{path}: {sentence}; git log -p shows how it was")
    raise typer.Exit(int(bool(broken)))


def _table(found: tuple[Look, ...]) -> Table:
    table = plain_table("date", "model", "protocol", "n", "AUROC [95%]", names=3)
    for look in found:
        fields = look.fields
        model = fields.get("bundle") or fields.get("judged") or "not said"
        value = _value(look)
        table.add_row(
            one_line(str(fields.get("date", ""))[:10]),
            one_line(str(model)),
            one_line(str(fields.get("protocol", ""))),
            one_line(str(fields.get("n", fields.get("images", "")))),
            value,
        )
    return table


def _value(look: Look) -> Text:
    if not look.ended:
        return Text("stopped before its result", style="yellow")
    value, bounds = look.fields.get("auroc"), look.fields.get("auroc_ci")
    if not isinstance(value, float):
        return Text("–")
    interval = (float(bounds[0]), float(bounds[1])) if isinstance(bounds, list) else None
    return Text(interval_text(Estimate(value, interval)))
