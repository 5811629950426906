"""The installed models as a table of 80 columns; `hilum models show NAME` tells the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.shelf import ShelfEntry
from hilum.cli.terminal.say import one_line

_LICENCE = re.compile(r"CC0|CC BY(?:-[A-Z]{2})*(?: \d\.\d)?|Apache-2\.0|MIT|BSD-[23]|A?GPL-[23](?:\.0)?|research use")
_NAME_CELLS = 22
_WHAT = {"gate": "image type", "lungs": "outlines"}
"""What models find that are no specialists."""


def models_table(entries: Sequence[ShelfEntry]) -> RenderableType:
    """A row a model that can be used, and a line below for each that cannot."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim underline")
    longest = max((len(entry.name) for entry in entries), default=0)
    table.add_column("name", overflow="fold", min_width=min(longest, _NAME_CELLS))
    for title, most in (("reads", 8), ("ages", 6), ("findings", 11), ("AUROC", 14), ("size", 7), ("licence", 12)):
        table.add_column(title, overflow="fold", max_width=most, justify="right" if title == "size" else "left")
    usable = [(entry, entry.bundle) for entry in entries if entry.bundle is not None]
    for entry, bundle in usable:
        table.add_row(*_row(bundle, own=entry.origin == "local"))
    parts: list[RenderableType] = [table] if usable else []
    if any(entry.origin == "local" for entry, _ in usable):
        parts.append(Text("* in your own models folder", style="dim"))
    parts += [
        Text(one_line(f"{entry.name} is broken: {entry.problem}"), style="bold red")
        for entry in entries
        if entry.bundle is None
    ]
    told = "AUROC [95%] on what its card names first; of several findings the lowest and the highest."
    parts.append(Text(f"{told}\nhilum models show NAME tells more: for whom, what not for, all figures, terms.", "dim"))
    return Group(*parts)


def _row(bundle: Bundle, *, own: bool) -> tuple[str, ...]:
    card = bundle.card
    return (
        f"{card.name} *" if own else card.name,
        card.scope.xray_type,
        _ages(card),
        _findings(card),
        _auroc(card),
        _size(bundle),
        short_licence(card.weights_licence),
    )


def _ages(card: Card) -> str:
    ages = card.scope.age_years
    if ages is None:
        return "any"
    low, high = (f"{age:.0f}" if age == int(age) else f"{int(age)}" for age in ages)
    return f"{low}–{high}"


def _findings(card: Card) -> str:
    if card.role in _WHAT:
        return _WHAT[card.role]
    names = card.label_names
    return names[0] if len(names) == 1 else f"{len(names)} findings"


def _auroc(card: Card) -> str:
    """The first result of the only finding with its interval, or the span of several findings' first results."""
    results = [label.results[0] for label in card.labels if label.results]
    if not results:
        return "–"
    if len(card.labels) == 1:
        bounds = results[0].auroc_ci
        interval = "" if bounds is None else f"\n[{bounds[0]:.3f}, {bounds[1]:.3f}]"
        return f"{results[0].auroc:.3f}{interval}"
    values = [result.auroc for result in results]
    return f"{min(values):.2f}–{max(values):.2f}\n({len(values)} findings)"


def _size(bundle: Bundle) -> str:
    """What lies in its folder; a part that it shares with another model lies there."""
    size = sum(path.stat().st_size for path in bundle.folder.iterdir() if path.is_file())
    return f"{size / 1e6:.1f} MB"


def short_licence(text: str) -> str:
    """The name of the terms of the weights themselves, where the sentence begins with one that is well known."""
    first = re.split(r"; starting weights|\. ", text)[0]
    found = _LICENCE.search(first.partition(", trained on")[0])
    if found is not None:
        return found[0]
    return "none" if "no terms of their own" in first else "see card"
