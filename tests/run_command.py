"""What tests of studies and trainings from the command line have in common."""

from pathlib import Path

from typer.testing import CliRunner, Result

from hilum.cli.main import app

SMOKE = ("--weights", "random", "--smoke", "--cache", "none")
"""What every smoke run on a miniature is started with."""
TWO_FOLDS = ("--folds", "2")
FOLDS = ("fold-0", "fold-1")
"""The folders of two folds."""


def run(*words: object) -> Result:
    """What `hilum WORDS` prints, and how it ends."""
    return CliRunner().invoke(app, [str(word) for word in words])


def run_well(*words: object) -> str:
    """The same, where it must end well; what it prints."""
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.output


def times_in_folds(study: Path) -> dict[Path, int]:
    """When each file of a fold was written last."""
    return {path: path.stat().st_mtime_ns for path in study.glob("fold-*/**/*") if path.is_file()}


def check_tables_alone(words: list[str], *, study: Path) -> None:
    """With `--tables-only` nothing in the folds changes, and the numbers are the same."""
    before, fields = times_in_folds(study), (study / "study.json").read_bytes()
    run_well(*words, "--tables-only")
    assert times_in_folds(study) == before
    assert (study / "study.json").read_bytes() == fields


def check_other_folds_are_refused(words: list[str]) -> None:
    """Another number of folds is another study."""
    refused = run(*("3" if word == "2" else word for word in words))
    assert (refused.exit_code, "another run" in refused.output) == (2, True)
