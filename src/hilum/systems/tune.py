"""`hilum tune`: a search over settings of a recipe by name or by file, written back as a recipe's file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hilum.errors import DataError, UsageError
from hilum.evaluation.report.table import counted
from hilum.option import words_of
from hilum.output.lock import held_folder
from hilum.progress import SILENT, Progress
from hilum.reading.engines.engine import available_cores
from hilum.systems.recipe_file import is_own_recipe
from hilum.systems.table import train, training_of
from hilum.training.own.recipe import NAME as CLASSIFY
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import flat_values
from hilum.training.records.request import TrainRequest
from hilum.training.search.follow import Goal, goal_of
from hilum.training.search.hands import Hands, Job, LocalHands
from hilum.training.search.page import Told, write_page
from hilum.training.search.search import Search, run_search
from hilum.training.search.space import Field, Spelled, pairs_of, space_of
from hilum.training.search.trials import Record, TrialRow
from hilum.whole_files import write_whole

SEARCH_NAME, BEST_NAME, TRIALS = "search.json", "best.py", "trials"
"""What the folder of a search holds beside its record and its page: what it is, the best recipe, and a run a trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """What is searched: `train` is what each trial is trained by, `own` the options of its row.

    `vary` are the fields of the space, as `space_of` takes them. There are `trials` in all, `jobs` at the same time.
    `monitor` is searched for; a trial may be stopped after `least_epochs`. `seed` draws the settings.
    """

    train: TrainRequest
    own: Any
    vary: tuple[str, ...]
    trials: int = 20
    jobs: int = 1
    monitor: str = "mean_auroc"
    least_epochs: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """The best trial, its recipe's file, and the page."""

    best: TrialRow
    recipe: Path
    page: Path
    metric: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The recipe, made as a trial would train it, its space and its goal."""

    recipe: Recipe
    fields: tuple[Field, ...]
    goal: Goal


def tune(request: TuneRequest, *, hands: Hands | None = None, progress: Progress = SILENT) -> Tuned:
    """Search in `request.train.out`; after a stop the same call goes on, and with more trials it adds some.

    `hands` train the trials, processes of this machine by default. Raises `UsageError` for a recipe that no search can
    follow, a space that it does not take, and where the folder holds another search; `DataError` where no trial trained
    to its end.
    """
    asked = _asked(request)
    out = request.train.out
    hands = LocalHands() if hands is None else hands
    with held_folder(out):
        _begin(out, request=request, asked=asked)
        record = Record(out, fields=asked.fields, goal=asked.goal, least_epochs=request.least_epochs, seed=request.seed)
        search = Search(
            goal=asked.goal,
            trials=request.trials,
            jobs=request.jobs,
            make=lambda number, spelled: _job(request, number=number, spelled=spelled),
        )
        run_search(search, record=record, hands=hands, progress=progress)
        rows, best = record.rows(), record.best()
    page = write_page(
        rows,
        best=best,
        fields=asked.fields,
        goal=asked.goal,
        told=Told(
            recipe=asked.recipe.name,
            command=_command(request),
            smoke=request.train.smoke,
            facts=_facts(request, asked=asked),
        ),
        folder=out,
    )
    if best is None:
        raise DataError(f"None of {len(rows)} trials trained to its end. {page} says how they ended")
    path = out / BEST_NAME
    write_whole(path, best_recipe(best, request=request, goal=asked.goal, trials=len(rows)).encode())
    return Tuned(best=best, recipe=path, page=page, metric=asked.goal.metric)


def train_trial(request: TrainRequest, own: Any) -> None:
    """Train one trial; another process calls this."""
    train(request, own=own)


def best_recipe(best: TrialRow, *, request: TuneRequest, goal: Goal, trials: int) -> str:
    """The file of a recipe with the settings of `best`, which `hilum train` takes."""
    name = request.train.name
    where = repr(str(Path(name).resolve())) if is_own_recipe(name) else repr(name)
    pairs = (*request.train.settings, *pairs_of(best.spelled))
    listed = "\n".join(f"    {pair!r}," for pair in pairs)
    options = [word for release, folder in request.train.data for word in ("--data", f"{release}={folder}")]
    options += ["--weights", request.train.weights, *words_of(request.own)]
    said = f"{goal.metric} {best.value:.4f} in trial {best.number}"
    return f'''"""The best of {trials} trials of a search over {Path(name).name}: {said}.

That value is the best of many on the same validation images and flatters it; judge the model on others.

    hilum train {BEST_NAME} {shlex.join(options)} --out runs/best
"""

from hilum.systems.table import training_of
from hilum.training.recipe.with_settings import with_settings

SETTINGS = (
{listed}
)


def recipe(starting_weights):
    """The recipe with these settings, started from what --weights names."""
    return with_settings(training_of({where}).make(starting_weights), pairs=SETTINGS)
'''


def _asked(request: TuneRequest) -> _Asked:
    for name, count in (("trials", request.trials), ("jobs", request.jobs), ("least_epochs", request.least_epochs)):
        if count < 1:
            raise UsageError(f"{name} must be at least 1; given: {count}")
    made = training_of(request.train.name).recipe(request.train)
    if not isinstance(made, Recipe):
        raise UsageError(f"A search needs the recipe of one classifier, and {request.train.name} is of another kind")
    if made.card.recipe == CLASSIFY:
        raise UsageError(
            f"A search needs a recipe whose labels are known beforehand, and those of {request.train.name} come from "
            "your table; search over a recipe file of your own that names them"
        )
    goal = goal_of(made, monitor=request.monitor)
    return _Asked(recipe=made, fields=space_of(request.vary, recipe=made, monitor=request.monitor), goal=goal)


def _job(request: TuneRequest, *, number: int, spelled: Spelled) -> Job:
    own = replace(
        request.train,
        out=request.train.out / TRIALS / f"{number:04d}",
        settings=(*request.train.settings, *pairs_of(spelled)),
    )
    return Job(work=train_trial, request=own, own=request.own, threads=max(1, available_cores() // request.jobs))


def _facts(request: TuneRequest, *, asked: _Asked) -> dict[str, str]:
    """The same for readers of the page, which has the settings in a table of its own."""
    options = " ".join(words_of(request.own))
    return {
        "Recipe": asked.recipe.name,
        "Data": ", ".join(f"{name} in {folder}" for name, folder in request.train.data),
        "Starting weights": request.train.weights,
        **({"Options": options} if options else {}),
        "Stopped at the earliest": f"after {counted(request.least_epochs, 'epoch')}",
        "Seed of the draws": str(request.seed),
    }


def _told(request: TuneRequest, *, asked: _Asked) -> dict[str, Any]:
    """What makes the trials of a search comparable: with anything else of it the folder holds another search."""
    return {
        "recipe": asked.recipe.name,
        "settings": flat_values(asked.recipe),
        "vary": {field.key: field.in_words for field in asked.fields},
        "monitor": asked.goal.metric,
        "least_epochs": request.least_epochs,
        "weights": request.train.weights,
        "data": [f"{name}={folder}" for name, folder in request.train.data],
        "smoke": request.train.smoke,
        "options": words_of(request.own),
        "seed": request.seed,
    }


def _begin(folder: Path, *, request: TuneRequest, asked: _Asked) -> None:
    """Say what the folder is a search of, or find that it holds this very one."""
    path = folder / SEARCH_NAME
    here = json.loads(json.dumps(_told(request, asked=asked)))
    if not path.is_file():
        write_whole(path, (json.dumps(here, indent=1, ensure_ascii=False) + "\n").encode())
        return
    try:
        there = json.loads(path.read_bytes())
        different = _first_difference(there, here)
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{folder} holds a {SEARCH_NAME} that is not of a search. Name another --out") from error
    if different is not None:
        raise UsageError(f"{folder} holds another search: {different}; give its own command, or name another --out")


def _first_difference(there: Mapping[str, Any], here: Mapping[str, Any], *, within: str = "") -> str | None:
    for key in dict.fromkeys((*there, *here)):
        before, now = there.get(key), here.get(key)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            found = _first_difference(before, now, within=f"{key} ")
            if found is not None:
                return found
        elif before != now:
            return f"its {within}{key} is {before}, here {now}"
    return None


def _command(request: TuneRequest) -> str:
    asked = request.train
    words = ["hilum", "tune", Path(asked.name).name]
    words += [word for name, folder in asked.data for word in ("--data", f"{name}={folder.name}")]
    words += [word for one in request.vary for word in ("--vary", one)]
    words += [word for one in asked.settings for word in ("--set", one)]
    words += ["--weights", Path(asked.weights).name, "--trials", str(request.trials)]
    return " ".join([*words, *(["--smoke"] if asked.smoke else [])])
