"""Scores for cross-validation, under the names that docs/metrics.md gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics as m

from retrain_trainers.contract import Target
from retrain_trainers.errors import Refused
from retrain_trainers.tabular.parts import Codes, Floats

Function = Callable[[Codes | Floats, Floats], float]


@dataclass(frozen=True)
class Score:
    """`of(target, prediction)`: prediction is rows × classes for classification, numbers for regression."""

    name: str
    more_is_better: bool
    of: Function


def score_of(name: str | None, task: str, target: Target) -> Score:
    """The named score; by default `rmse`, `auc_roc`, or `f1_macro` of several classes. Raises `Refused` for one of another task."""
    if task == "regression":
        table, usual = _REGRESSION, "rmse"
    elif len(target.classes) == 2:
        table, usual = _binary(target.classes.index(target.positive) if target.positive is not None else 1), "auc_roc"
    else:
        table, usual = _several(len(target.classes)), "f1_macro"
    name = name or usual
    if name not in table:
        raise Refused(f"job.json: search.metric: expected one of {', '.join(sorted(table))} for {task}, found {name!r}.")
    return Score(name, name not in _LESS_IS_BETTER, table[name])


_LESS_IS_BETTER = {
    *("rmse", "mse", "mae", "median_absolute_error", "max_error", "mape", "smape", "wape", "msle", "rmsle"),
    *("mean_poisson_deviance", "mean_gamma_deviance", "pinball_10", "pinball_50", "pinball_90"),
    *("log_loss", "brier", "zero_one_loss"),
}


def _plain(function: Callable[..., Any], **options: Any) -> Function:
    return lambda y, p: float(function(y, p, **options))


_REGRESSION: Mapping[str, Function] = {
    "rmse": _plain(m.root_mean_squared_error),
    "mse": _plain(m.mean_squared_error),
    "mae": _plain(m.mean_absolute_error),
    "median_absolute_error": _plain(m.median_absolute_error),
    "max_error": _plain(m.max_error),
    "mape": _plain(m.mean_absolute_percentage_error),
    "smape": lambda y, p: float(np.mean(np.where(y == p, 0.0, 2 * np.abs(y - p) / np.maximum(np.abs(y) + np.abs(p), 1e-300)))),
    "wape": _plain(lambda y, p: np.abs(y - p).sum() / np.abs(y).sum()),
    "msle": _plain(m.mean_squared_log_error),
    "rmsle": _plain(m.root_mean_squared_log_error),
    "mean_poisson_deviance": _plain(m.mean_poisson_deviance),
    "mean_gamma_deviance": _plain(m.mean_gamma_deviance),
    "pinball_10": _plain(m.mean_pinball_loss, alpha=0.1),
    "pinball_50": _plain(m.mean_pinball_loss, alpha=0.5),
    "pinball_90": _plain(m.mean_pinball_loss, alpha=0.9),
    "r2": _plain(m.r2_score),
    "explained_variance": _plain(m.explained_variance_score),
    "d2_absolute_error": _plain(m.d2_absolute_error_score),
}


def _of_labels(function: Callable[..., Any], **options: Any) -> Function:
    """A score of the likeliest class."""
    return lambda y, p: float(function(y, p.argmax(axis=1), **options))


def _common(classes: int) -> dict[str, Function]:
    return {
        "accuracy": _of_labels(m.accuracy_score),
        "zero_one_loss": _of_labels(m.zero_one_loss),
        "balanced_accuracy": _of_labels(m.balanced_accuracy_score),
        "mcc": _of_labels(m.matthews_corrcoef),
        "cohen_kappa": _of_labels(m.cohen_kappa_score),
        **{f"f1_{average}": _of_labels(m.f1_score, average=average, zero_division=0) for average in _AVERAGES},
        "log_loss": _plain(m.log_loss, labels=np.arange(classes)),
    }


_AVERAGES = ("macro", "weighted", "micro")


def _binary(positive: int) -> dict[str, Function]:
    def of_hits(function: Callable[..., Any], **options: Any) -> Function:
        return lambda y, p: float(function(y == positive, p.argmax(axis=1) == positive, zero_division=0, **options))

    def of_ranks(function: Callable[..., Any]) -> Function:
        return lambda y, p: float(function(y == positive, p[:, positive]))

    def brier(y: Codes | Floats, p: Floats) -> float:
        return float(np.mean((p[:, positive] - (y == positive)) ** 2))

    def largest_gap(truth: Any, scores: Any) -> float:
        false_positives, true_positives, _ = m.roc_curve(truth, scores)
        return float(np.max(true_positives - false_positives))

    return {
        **_common(2),
        "precision": of_hits(m.precision_score),
        "recall": of_hits(m.recall_score),
        "specificity": of_hits(m.recall_score, pos_label=False),
        "f1_score": of_hits(m.f1_score),
        "f2_score": of_hits(m.fbeta_score, beta=2),
        "f05_score": of_hits(m.fbeta_score, beta=0.5),
        "jaccard": of_hits(m.jaccard_score),
        "auc_roc": of_ranks(m.roc_auc_score),
        "gini": lambda y, p: 2 * float(m.roc_auc_score(y == positive, p[:, positive])) - 1,
        "average_precision": of_ranks(m.average_precision_score),
        "ks_statistic": of_ranks(largest_gap),
        "brier": brier,
        "rmse": lambda y, p: float(np.sqrt(brier(y, p))),
    }


def _several(classes: int) -> dict[str, Function]:
    codes = np.arange(classes)
    averaged = {
        f"{name}_{average}": _of_labels(function, average=average, zero_division=0)
        for name, function in (("precision", m.precision_score), ("recall", m.recall_score), ("jaccard", m.jaccard_score))
        for average in _AVERAGES
    }
    return {
        **_common(classes),
        **averaged,
        "cohen_kappa_linear": _of_labels(m.cohen_kappa_score, weights="linear"),
        "cohen_kappa_quadratic": _of_labels(m.cohen_kappa_score, weights="quadratic"),
        "auc_roc_ovr": _plain(m.roc_auc_score, multi_class="ovr", average="macro", labels=codes),
        "brier": lambda y, p: float(np.mean(((p - np.eye(classes)[y.astype(np.int64)]) ** 2).sum(axis=1))),
    }
