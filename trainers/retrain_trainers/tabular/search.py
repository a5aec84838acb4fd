"""Which parameters are tried, and on which rows each trial is scored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from retrain_trainers.algorithm import Algorithm
from retrain_trainers.contract import Search
from retrain_trainers.errors import Refused
from retrain_trainers.tabular.estimators import random_state
from retrain_trainers.tabular.parts import Codes, Floats

Indices = npt.NDArray[np.int64]
REPEATS_MAX = 100


def folds_of(search: Search, task: str, target: Codes | Floats, seed: int) -> list[tuple[Indices, Indices]]:
    """Row numbers to fit and to score on, a pair per fold; empty when nothing is cross-validated."""
    from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

    if search.folds == 0 or search.cv == "validation":
        return []
    needed = search.folds + 1 if search.cv == "time-series" else search.folds
    if len(target) < needed:
        raise Refused(f"{len(target)} rows are too few for {search.folds} folds.", "Lower search.folds or bring more rows.")
    splitter: Any
    if search.cv == "time-series":
        splitter = TimeSeriesSplit(n_splits=search.folds)
    elif task == "classification":
        largest = max(np.bincount(target.astype(np.int64)).tolist())
        if largest < search.folds:
            raise Refused(f"No class has {search.folds} rows; the largest has {largest}.", "Lower search.folds or bring more rows.")
        splitter = StratifiedKFold(n_splits=search.folds, shuffle=True, random_state=random_state(seed))
    else:
        splitter = KFold(n_splits=search.folds, shuffle=True, random_state=random_state(seed))
    folds = [(np.asarray(fit), np.asarray(score)) for fit, score in splitter.split(np.zeros(len(target)), target)]
    if task == "classification":
        for number, (fit, _) in enumerate(folds, start=1):
            if len(np.unique(target[fit])) < 2:
                raise Refused(f"Fold {number} of {search.folds} has one class only to learn from.", "Use fewer folds or bring more rows.")
    return folds


def trials_of(algorithm: Algorithm, given: Mapping[str, Any], search: Search, seed: int) -> list[dict[str, Any]]:
    """Distinct parameter sets, the given one (with defaults) first. What is given stays fixed; the rest of the space is drawn."""
    first = algorithm.complete(given)
    if search.method == "none":
        return [first]
    space = dict(search.space or algorithm.space)
    for name in space:
        if name not in algorithm.parameters:
            algorithm.complete({name: None}, "search.space")
        for end in _ends(space[name], name):
            algorithm.complete({name: end}, "search.space")
    free = sorted(name for name in space if name not in given)
    random = np.random.Generator(np.random.PCG64(seed))
    trials, seen, repeats = [first], {json.dumps(first, sort_keys=True)}, 0
    while len(trials) < search.trials and repeats < REPEATS_MAX:
        trial = {**first, **{name: _draw(space[name], random) for name in free}}
        text = json.dumps(trial, sort_keys=True)
        if text in seen:
            repeats += 1
        else:
            repeats = 0
            seen.add(text)
            trials.append(trial)
    return trials


def _ends(distribution: Mapping[str, Any], name: str) -> list[Any]:
    """The values whose validity means that every drawn value is valid."""
    kind: str
    value: Any
    kind, value = next(iter(distribution.items()), ("", None))
    if len(distribution) == 1 and kind == "choice" and isinstance(value, list) and value:
        return value
    if len(distribution) == 1 and kind in _DRAWS and _is_range(value, positive=kind.startswith("log_")):
        return [int(end) for end in value] if kind.endswith("integer") else list(value)
    raise Refused(
        f"job.json: search.space.{name}: expected one of choice, {', '.join(_DRAWS)}, found {json.dumps(dict(distribution))[:200]}.",
        'For example {"log_uniform": [0.01, 1]} or {"choice": [1, 2, 3]}.',
    )


def _is_range(value: Any, *, positive: bool) -> bool:
    if not isinstance(value, list) or len(value) != 2 or not all(type(end) in (int, float) and math.isfinite(end) for end in value):
        return False
    return bool(value[0] <= value[1] and (value[0] > 0 or not positive))


def _draw(distribution: Mapping[str, Any], random: np.random.Generator) -> Any:
    kind, value = next(iter(distribution.items()))
    if kind == "choice":
        return value[int(random.integers(len(value)))]
    return _DRAWS[kind](value[0], value[1], float(random.random()))


def _short(value: float) -> float:
    """Six digits: as good for a search, and readable in a report."""
    return float(f"{value:.6g}")


_DRAWS: dict[str, Any] = {
    "uniform": lambda low, high, u: _short(low + (high - low) * u),
    "log_uniform": lambda low, high, u: _short(math.exp(math.log(low) + (math.log(high) - math.log(low)) * u)),
    "integer": lambda low, high, u: int(min(high, math.floor(low + (high - low + 1) * u))),
    "log_integer": lambda low, high, u: int(min(high, math.floor(math.exp(math.log(low) + (math.log(high + 1) - math.log(low)) * u)))),
}
