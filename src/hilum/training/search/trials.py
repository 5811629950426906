"""The record of a search's trials: Optuna on a SQLite file, which holds each before anything trains it.

Every step is on the disk before the next is taken. A driver that is killed at any moment so loses no ended trial, and
finds those that were being trained, with their settings, to go on with.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import optuna
from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState

from hilum.errors import DataError
from hilum.training.search.follow import Goal
from hilum.training.search.space import Field, Floats, Ints, Spelled

RECORD_NAME = "trials.db"
_STUDY, _WHY = "search", "why"
REDUCTION = 3
"""Of the trials that reach an epoch where one may be stopped, one in so many goes on."""

State = Literal["ended", "stopped early", "failed", "not ended"]
_STATES: Mapping[TrialState, State] = {
    TrialState.COMPLETE: "ended",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One trial: its value on validation (of one stopped early, the last one), and by epoch, from 1.

    `spelled` are its settings; `why` says in a line why it failed.
    """

    number: int
    state: State
    value: float | None
    values: Mapping[int, float]
    spelled: Spelled
    why: str = ""


class Record:
    """The trials in `folder/trials.db`, made where there is none; one process at a time writes into it.

    A trial may be stopped after `least_epochs` epochs, and after three, nine, ... times as many, where it is not among
    the best third of those that came so far (asynchronous successive halving, Li et al. 2020). New settings come from
    a tree-structured Parzen estimator, by `seed`. Raises `DataError` where the file is no such record.
    """

    def __init__(self, folder: Path, *, fields: Sequence[Field], goal: Goal, least_epochs: int, seed: int) -> None:
        logging.getLogger("optuna").setLevel(logging.ERROR)  # a line a trial of its own, beside ours
        self._fields = fields
        path = folder / RECORD_NAME
        try:
            storage = optuna.storages.RDBStorage(
                f"sqlite:///{path.resolve().as_posix()}", engine_kwargs={"connect_args": {"timeout": 60}}
            )
            self._study = optuna.create_study(
                storage=storage,
                study_name=_STUDY,
                direction="maximize" if goal.highest else "minimize",
                pruner=SuccessiveHalvingPruner(min_resource=least_epochs, reduction_factor=REDUCTION),
                load_if_exists=True,
            )
        except Exception as error:
            raise DataError(
                f"{path} is not the record of a search ({' '.join(str(error).split())[:120]}). Name another --out"
            ) from error
        # a driver that goes on draws other settings than the one before it
        self._study.sampler = TPESampler(seed=seed + len(self._study.trials))
        self._open: dict[int, optuna.Trial] = {}

    @property
    def begun(self) -> int:
        """How many trials there are, however they ended."""
        return len(self._study.trials)

    def unfinished(self) -> list[tuple[int, Spelled]]:
        """The trials that a driver before this one began and did not end."""
        left = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING))
        return [self._opened(optuna.Trial(self._study, one._trial_id)) for one in left if one.number not in self._open]

    def ask(self) -> tuple[int, Spelled]:
        """The number and the settings of a new trial."""
        return self._opened(self._study.ask())

    def report(self, number: int, values: Mapping[int, float]) -> bool:
        """Keep the value of each epoch, from 0, that is new; whether the trial should be stopped early."""
        trial, lags = self._open[number], False
        known = self._frozen(number).intermediate_values
        for epoch, value in sorted(values.items()):
            if epoch + 1 not in known:
                trial.report(value, step=epoch + 1)
                lags = trial.should_prune() or lags
        return lags

    def ended(self, number: int, *, value: float) -> None:
        """The trial has trained to its end."""
        self._study.tell(self._open.pop(number), value)

    def stopped(self, number: int) -> None:
        """The trial was stopped early."""
        self._study.tell(self._open.pop(number), state=TrialState.PRUNED)

    def failed(self, number: int, *, why: str) -> None:
        """The trial failed; `why` in one line."""
        trial = self._open.pop(number)
        trial.set_user_attr(_WHY, why)
        self._study.tell(trial, state=TrialState.FAIL)

    def rows(self) -> tuple[TrialRow, ...]:
        """Every trial in order."""
        return tuple(map(self._row, self._study.get_trials(deepcopy=False)))

    def best(self) -> TrialRow | None:
        """The best of those that trained to their end; None where none did. Of equals the first."""
        ended = [row for row in self.rows() if row.state == "ended" and row.value is not None]
        highest = self._study.direction == optuna.study.StudyDirection.MAXIMIZE
        order = sorted(ended, key=lambda row: (row.value or 0.0) * (-1.0 if highest else 1.0))
        return order[0] if order else None

    def _opened(self, trial: optuna.Trial) -> tuple[int, Spelled]:
        self._open[trial.number] = trial
        return trial.number, {field.key: self._suggested(trial, field) for field in self._fields}

    def _suggested(self, trial: optuna.Trial, field: Field) -> str:
        """What the trial has for the field, drawn where a driver was killed before it was."""
        if isinstance(field, Floats):
            return repr(trial.suggest_float(field.key, field.low, field.high, log=field.log))
        if isinstance(field, Ints):
            return str(trial.suggest_int(field.key, field.low, field.high, log=field.log))
        return str(trial.suggest_categorical(field.key, field.options))

    def _frozen(self, number: int) -> FrozenTrial:
        return self._study.get_trials(deepcopy=False)[number]

    def _row(self, trial: FrozenTrial) -> TrialRow:
        values = dict(sorted(trial.intermediate_values.items()))
        last = values[max(values)] if values else None
        return TrialRow(
            number=trial.number,
            state=_STATES.get(trial.state, "not ended"),
            value=trial.value if trial.state == TrialState.COMPLETE else last,
            values=values,
            spelled={key: _text(trial.params[key]) for key in self._keys(trial)},
            why=str(trial.user_attrs.get(_WHY, "")),
        )

    def _keys(self, trial: FrozenTrial) -> list[str]:
        return [field.key for field in self._fields if field.key in trial.params]


def _text(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)
