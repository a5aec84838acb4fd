"""Scores for cross-validation, by the names the rest of Retrain uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn import metrics as m

from retrain_trainers.contract import Target
from retrain_trainers.errors import Refused
from retrain_trainers.tabular.parts import Codes, Floats


@dataclass(frozen=True)
class Score:
    """`of(target, prediction)`: prediction is rows × classes for classification, numbers for regression."""

    name: str
    more_is_better: bool
    of: Callable[[Codes | Floats, Floats], float]


def score_of(name: str | None, task: str, target: Target) -> Score:
    """The named score; `auc_roc` or `rmse` when no name is given. Raises `Refused` for one that does not suit the task."""
    table = _regression() if task == "regression" else _classification(target)
    name = name or ("rmse" if task == "regression" else "auc_roc")
    if name not in table:
        raise Refused(f"job.json: search.metric: expected one of {', '.join(sorted(table))} for {task}, found {name!r}.")
    return Score(name, name not in _LESS_IS_BETTER, table[name])


_LESS_IS_BETTER = {"rmse", "mae", "log_loss", "brier"}
_Table = dict[str, Callable[[Codes | Floats, Floats], float]]


def _regression() -> _Table:
    return {
        "rmse": lambda y, p: float(m.root_mean_squared_error(y, p)),
        "mae": lambda y, p: float(m.mean_absolute_error(y, p)),
        "r2": lambda y, p: float(m.r2_score(y, p)),
    }


def _classification(target: Target) -> _Table:
    classes = len(target.classes)
    codes = np.arange(classes)
    table: _Table = {
        "accuracy": lambda y, p: float(m.accuracy_score(y, p.argmax(axis=1))),
        "balanced_accuracy": lambda y, p: float(m.balanced_accuracy_score(y, p.argmax(axis=1))),
        "f1_macro": lambda y, p: float(m.f1_score(y, p.argmax(axis=1), average="macro", zero_division=0)),
        "log_loss": lambda y, p: float(m.log_loss(y, p, labels=codes)),
    }
    if classes > 2:
        table["auc_roc"] = lambda y, p: float(m.roc_auc_score(y, p, multi_class="ovr", average="macro", labels=codes))
        return table
    positive = target.classes.index(target.positive) if target.positive is not None else 1

    def hits(y: Codes | Floats) -> Codes:
        return np.asarray(y == positive, dtype=np.int64)

    def predicted(p: Floats) -> Codes:
        return np.asarray(p.argmax(axis=1) == positive, dtype=np.int64)

    return {
        **table,
        "auc_roc": lambda y, p: float(m.roc_auc_score(hits(y), p[:, positive])),
        "auc_pr": lambda y, p: float(m.average_precision_score(hits(y), p[:, positive])),
        "precision": lambda y, p: float(m.precision_score(hits(y), predicted(p), zero_division=0)),
        "recall": lambda y, p: float(m.recall_score(hits(y), predicted(p), zero_division=0)),
        "f1": lambda y, p: float(m.f1_score(hits(y), predicted(p), zero_division=0)),
        "brier": lambda y, p: float(m.brier_score_loss(hits(y), p[:, positive])),
        "rmse": lambda y, p: float(np.sqrt(m.brier_score_loss(hits(y), p[:, positive]))),
    }
