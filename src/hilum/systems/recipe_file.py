"""A recipe of one's own: a Python file that defines a function `recipe`.

`recipe(starting_weights)` takes what `--weights` names and returns a `Recipe` (which that of two looks is, too) or an
`EnsembleRecipe` of `hilum.training.recipe`. The file is run as the user's own code, with all rights; it may import from
its own folder.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from hilum.errors import UsageError
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.recipe import Recipe

FUNCTION = "recipe"


def is_own_recipe(named: str) -> bool:
    """Whether the words of a command mean a file: they end in `.py`."""
    return named.endswith(".py")


def own_recipe(path: Path, *, starting_weights: StartingWeights) -> Recipe | EnsembleRecipe:
    """The recipe that the file defines.

    Raises `UsageError` where there is no such file, it or its function raises, it defines no function `recipe`, or that
    returns something else.
    """
    module = _run(path)
    make = getattr(module, FUNCTION, None)
    if not callable(make):
        raise UsageError(
            f"{path} must define a function {FUNCTION}(starting_weights); found: "
            f"{'none' if make is None else type(make).__name__}. The page on training shows one"
        )
    try:
        made = make(starting_weights)
    except Exception as error:
        raise UsageError(f"{path} cannot be used: its {FUNCTION}() raised {_said(error, path=path)}") from error
    if not isinstance(made, Recipe | EnsembleRecipe):
        raise UsageError(f"{FUNCTION}() of {path} must return a Recipe or an EnsembleRecipe, not {type(made).__name__}")
    return made


def _run(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"There is no recipe file {path}. Give its path")
    spec = importlib.util.spec_from_file_location(f"hilum_own_recipe_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file. Give a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickling look their module up there
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path} cannot be run: {_said(error, path=path)}") from error
    finally:
        sys.path.remove(folder)
    return module


def _said(error: Exception, *, path: Path) -> str:
    """The exception in one line, with the line of the file where it was raised."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    where = "" if line is None else f" (line {line})"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"
