"""What the user says of the images of one run: by options for all of them, by tables of patients for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.terminal.say import say
from hilum.output.inputs import STANDARD_INPUT, InputFile, Inputs, absolute_path
from hilum.output.patients import MatchedPatients, PatientTable, find_tables, match_patients, read_patients
from hilum.radiograph import OTHER_VIEWS
from hilum.stated import NOTHING_STATED, VIEW_HELP, Stated, parse_age, parse_sex, parse_view
from hilum.there import is_folder

ViewOption = Annotated[
    str | None,
    typer.Option(
        metavar="VIEW", help=f"The view: {VIEW_HELP}.", autocompletion=lambda: ["PA", "AP", "LL", *OTHER_VIEWS]
    ),
]
"""`--view` of every command that takes it."""

AgeOption = Annotated[
    str | None,
    typer.Option(metavar="AGE", help="The patient's age: years, or 45Y, 6M, 3W, 10D. The result says you said so."),
]
"""`--age` of every command that takes it."""


PatientsOption = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        metavar="FILE",
        help="A CSV table: image, age, sex, view. [dim]default: the patients.csv in or beside a folder[/]",
    ),
]
"""`--patients` of every command that takes it."""


@dataclass(frozen=True, slots=True)
class Statements:
    """`general` is said of every image; `by_file`, by an input's `relative`, goes before it and is told by `tables`."""

    general: Stated = NOTHING_STATED
    by_file: Mapping[str, Stated] = field(default_factory=dict)
    tables: tuple[Path, ...] = ()

    def of(self, file: InputFile) -> Stated:
        """What is said of one input."""
        return self.by_file.get(file.relative, NOTHING_STATED).over(self.general)

    def under(self, names: Mapping[str, str]) -> Statements:
        """The same of inputs whose `relative` is now another: `names` maps each old one to the new one."""
        return replace(self, by_file={names[relative]: stated for relative, stated in self.by_file.items()})


def general_statement(
    *,
    age: str | None,
    view: str | None,
    sex: str | None = None,
    force_type: str | None = None,
    assume_scope: bool = False,
) -> Stated:
    """What the options say. Raises `UsageError` for a value that is not understood."""
    return Stated(
        age_years=None if age is None else parse_age(age),
        sex="unknown" if sex is None else parse_sex(sex),
        view="unknown" if view is None else parse_view(view),
        xray_type=force_type,
        assume_scope=assume_scope or None,
    )


def with_tables(
    general: Stated, *, arguments: Sequence[str], inputs: Inputs, table: Path | None, quiet: bool
) -> Statements:
    """What is said in general, and what the named table says, or those in or beside what the user names.

    How many images a table tells of is said, and so are columns and rows that it has for nothing. Raises `UsageError`
    as `read_patients` and `match_patients` do.
    """
    if STANDARD_INPUT in arguments and table is None:
        return Statements(general)
    tables = tuple(map(read_patients, find_tables(arguments) if table is None else (table,)))
    matched = match_patients(tables, files=inputs.files, anywhere=table is not None)
    if not quiet:
        searched = table is not None or any(is_folder(Path(argument)) for argument in arguments)
        _say_what_was_used(tables, matched, images=len(inputs.files), searched=searched)
    return Statements(general, matched.stated, tuple(each.path for each in tables))


def without_tables(inputs: Inputs, *, statements: Statements) -> Inputs:
    """The inputs, with the tables that were used no longer among what was skipped."""
    used = set(map(absolute_path, statements.tables))
    skipped = tuple(each for each in inputs.skipped if absolute_path(Path(each.name)) not in used)
    return replace(inputs, skipped=skipped)


def _say_what_was_used(
    tables: Sequence[PatientTable], matched: MatchedPatients, *, images: int, searched: bool
) -> None:
    """One line a table, and one on what it has for nothing; rows of other images are no surprise beside one file."""
    without = Counter(table.path for table, _ in matched.unmatched)
    for table in tables:
        used = len(table.rows) - without[table.path]
        say(f"{table.path}: tells of {used} of {images} image{'' if images == 1 else 's'}")
        if table.unused:
            say(f"{table.path}: columns not used: {', '.join(table.unused)}")
        first = next((row for owner, row in matched.unmatched if owner is table), None)
        if first is not None and searched:
            count = without[table.path]
            rows = "1 row names" if count == 1 else f"{count} rows name"
            say(f"{table.path}: {rows} no image that is read here, such as line {first.line}, {first.image}")
