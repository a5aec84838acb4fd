"""Fitting: cross-validate each trial, take the best, fit it on all rows, write the model and what was found."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from retrain_trainers import CONTRACT, __version__
from retrain_trainers.algorithm import Algorithm
from retrain_trainers.contract import Job, Target
from retrain_trainers.errors import Refused
from retrain_trainers.outputs import Progress, Shares, json_bytes, partial_folder, write_atomic
from retrain_trainers.tabular.catalog import algorithm_of
from retrain_trainers.tabular.estimators import fit_model
from retrain_trainers.tabular.parts import Rows, read_rows
from retrain_trainers.tabular.recipe import Model, Recipe
from retrain_trainers.tabular.scoring import Score, score_of
from retrain_trainers.tabular.search import Indices, folds_of, trials_of

LIBRARIES = ("numpy", "scikit-learn", "scipy", "skops", "xgboost", "xgboost-cpu")


@dataclass(frozen=True)
class Scores:
    """Of one trial: a score per fold."""

    folds: list[float]

    @property
    def mean(self) -> float:
        return float(np.mean(self.folds))

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"mean": self.mean, "folds": self.folds}
        if len(self.folds) > 1:
            found["std"] = float(np.std(self.folds, ddof=1))
        return found


def fit(job: Job) -> None:
    started = time.monotonic()
    algorithm = algorithm_of(job.algorithm, job.task)
    target = _target_of(job)
    score = score_of(job.search.metric, job.task, target)
    trials = trials_of(algorithm, job.parameters, job.search, job.seed)
    rows = read_rows(job.part("train"), job.key, job.features, job.task, target)
    _must_be_learnable(rows, job.task, target)
    held = None
    if job.search.cv == "validation":
        held = read_rows(job.part("validation"), job.key, job.features, job.task, target)
    with _collected_warnings() as notes:
        folds = folds_of(job.search, job.task, rows.target, job.seed)
        found = _Work(job, target, rows, held, folds, trials, score).run()
    model, scores, best = found
    with partial_folder(job.output / "model") as folder:
        file = model.save(folder)
        index = _index(job, target, trials[best], file, (folder / file).read_bytes())
        write_atomic(folder / "index.json", json_bytes(index))
    report = _report(job, algorithm, trials, scores, best, score, model)
    report |= {"rows": len(rows.keys), "seconds": round(time.monotonic() - started, 3), "library": libraries(), "warnings": sorted(notes)}
    write_atomic(job.output / "fit.json", json_bytes(report))


@dataclass(frozen=True)
class _Work:
    job: Job
    target: Target
    rows: Rows
    held: Rows | None
    folds: list[tuple[Indices, Indices]]
    trials: list[dict[str, Any]]
    score: Score

    def run(self) -> tuple[Model, list[Scores], int]:
        """Fits every trial on every fold, `threads` at a time, then the best on all rows.

        With one trial the last fit needs no waiting for the scores: it runs beside the folds.
        """
        per_trial = 1 if self.held else len(self.folds)
        pieces = len(self.trials) * per_trial + 1
        threads = self.job.threads
        with Progress(self.job.output) as progress, ThreadPoolExecutor(max_workers=threads) as pool:
            shares = Shares(progress, pieces)
            pending = [
                [pool.submit(self._score, trial * per_trial + fold, trial, fold, shares) for fold in range(per_trial)]
                for trial in range(len(self.trials))
            ]
            early = pool.submit(self._final, 0, 1, shares) if len(self.trials) == 1 else None
            try:
                scores = [Scores([fold.result() for fold in trial]) for trial in pending]
                best = self._best(scores) if per_trial else 0
                model = early.result() if early else pool.submit(self._final, best, threads, shares).result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return model, scores if per_trial else [], best

    def _best(self, scores: list[Scores]) -> int:
        """The first of the best: a later trial wins only by being better."""
        sign = 1.0 if self.score.more_is_better else -1.0
        return max(range(len(scores)), key=lambda trial: (sign * scores[trial].mean, -trial))

    def _score(self, piece: int, trial: int, fold: int, shares: Shares) -> float:
        features, target = self.rows.features, self.rows.target
        if self.held:
            model = self._fit(features, target, trial, 1, piece, shares)
            judged_features, judged_target = self.held.features, self.held.target
        else:
            inside, outside = self.folds[fold]
            model = self._fit(features[inside], target[inside], trial, 1, piece, shares)
            judged_features, judged_target = features[outside], target[outside]
        value = self._value(judged_target, model.predict(judged_features), fold)
        shares.tick(piece, 1.0, {self.score.name: value})
        return value

    def _value(self, target: Any, predicted: Any, fold: int) -> float:
        try:
            value = self.score.of(target, predicted)
        except ValueError as error:
            raise Refused(f"{self.score.name} of fold {fold + 1}: {error}", "Use fewer folds or another search.metric.") from error
        if not np.isfinite(value):
            raise Refused(f"{self.score.name} of fold {fold + 1} is not a number.", "Use fewer folds or another search.metric.")
        return value

    def _final(self, trial: int, threads: int, shares: Shares) -> Model:
        last = len(self.trials) * (1 if self.held else len(self.folds))
        model = self._fit(self.rows.features, self.rows.target, trial, threads, last, shares)
        shares.tick(last, 1.0)
        return model

    def _fit(self, features: Any, target: Any, trial: int, threads: int, piece: int, shares: Shares) -> Model:
        recipe = Recipe(self.job.algorithm, self.job.task, len(self.target.classes), self.trials[trial], self.job.seed, self.job.device)
        return fit_model(recipe, features, target, threads, lambda share: shares.tick(piece, min(share, 0.99)))


def _target_of(job: Job) -> Target:
    if job.target is None:
        raise Refused("job.json: target: expected an object, found nothing.")
    if not job.features:
        raise Refused("job.json: features: expected at least one.")
    if job.base is not None:
        raise Refused("job.json: base: the tabular trainer starts from nothing, never from a model.", "Leave `base` out.")
    if job.task == "regression":
        return replace(job.target, classes=(), positive=None)
    if len(job.target.classes) < 2:
        raise Refused(f"job.json: target.classes: expected at least two, found {len(job.target.classes)}.")
    return job.target


def _must_be_learnable(rows: Rows, task: str, target: Target) -> None:
    if len(rows.keys) < 2:
        raise Refused(f"The train part has {len(rows.keys)} rows; expected at least two.")
    if task == "classification":
        present = np.unique(rows.target)
        if len(present) < 2:
            raise Refused(
                f"The train part has one class only: {target.classes[int(present[0])]!r}.", "Check the target column and the split."
            )


def _index(job: Job, target: Target, parameters: dict[str, Any], file: str, content: bytes) -> dict[str, Any]:
    """What `predict` needs to know of a model, and what a reader of the folder wants to."""
    return {
        "contract": CONTRACT,
        "trainer": "tabular",
        "version": __version__,
        "algorithm": job.algorithm,
        "task": job.task,
        "features": list(job.features),
        "classes": list(target.classes),
        "parameters": parameters,
        "file": file,
        "sha256": hashlib.sha256(content).hexdigest(),
        "library": libraries(),
    }


def _report(
    job: Job, algorithm: Algorithm, trials: list[dict[str, Any]], scores: list[Scores], best: int, score: Score, model: Model
) -> dict[str, Any]:
    values = model.importances()
    order = np.argsort(-values, kind="stable")
    report: dict[str, Any] = {
        "contract": CONTRACT,
        "algorithm": job.algorithm,
        "parameters": trials[best],
        "trials": [],
        "importance": algorithm.importance,
        "importances": [{"feature": job.features[i], "importance": float(values[i])} for i in order],
    }
    if scores:
        report["cv"] = {"method": job.search.cv, "metric": score.name, **scores[best].as_json()}
        report["trials"] = [{"parameters": trial, **found.as_json()} for trial, found in zip(trials, scores, strict=True)]
    return report


def libraries() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@contextmanager
def _collected_warnings() -> Iterator[set[str]]:
    """Warnings of the libraries, once each, whichever thread they come from."""
    notes: set[str] = set()

    def note(message: Warning | str, category: type[Warning], *_: Any) -> None:
        notes.add(f"{category.__name__}: {str(message).strip().splitlines()[0]}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note  # type: ignore[assignment]
        yield notes
