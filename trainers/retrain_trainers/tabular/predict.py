"""Predicting: load the model by its index, read the part, write one line a row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from retrain_trainers import CONTRACT
from retrain_trainers.contract import Job
from retrain_trainers.errors import Refused
from retrain_trainers.outputs import Progress, write_atomic
from retrain_trainers.tabular.catalog import algorithm_of
from retrain_trainers.tabular.parts import Floats, read_rows
from retrain_trainers.tabular.recipe import Model

# Fixed, not by threads: a matrix product may round differently for another number of rows.
BLOCK_ROWS = 8192


def predict(job: Job) -> None:
    if job.model is None:
        raise Refused("job.json: model: expected the path of a model's folder, found nothing.")
    index = read_index(job.model)
    if list(job.features) != index["features"]:
        raise Refused(_difference(list(job.features), index["features"]), "Prepare the rows with the preparation kept with the model.")
    rows = read_rows(job.part("predict"), job.key, job.features, index["task"], None)
    model = load_model(job.model, index)
    with Progress(job.output) as progress:
        predicted = _in_blocks(model, rows.features, job.threads, progress)
        progress.report(1.0)
    if not np.isfinite(predicted).all():
        row = int(np.argwhere(~np.isfinite(predicted))[0][0])
        raise Refused(f"The model's prediction for row {row + 2} of {job.part('predict').path.name} is not a finite number.")
    write_atomic(job.output / "predictions.csv", _as_csv(job.key, rows.keys, index["classes"], predicted))


def read_index(folder: Path) -> dict[str, Any]:
    """`index.json` of a model folder, with the model file's digest checked."""
    path = folder / "index.json"
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: not the index of a tabular model: {error}.") from None
    if not isinstance(index, dict) or index.get("contract") != CONTRACT or index.get("trainer") != "tabular":
        raise Refused(f"{path}: expected a model of the tabular trainer, contract {CONTRACT}.")
    for name, kind in (("algorithm", str), ("task", str), ("features", list), ("classes", list), ("file", str), ("sha256", str)):
        if not isinstance(index.get(name), kind):
            raise Refused(f"{path}: {name} is missing or of the wrong type.")
    algorithm_of(index["algorithm"], index["task"])
    file = folder / Path(index["file"]).name
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise Refused(f"{file}: cannot be read: {error.strerror}.") from None
    if found != index["sha256"]:
        raise Refused(f"{file}: expected the SHA-256 {index['sha256']}, found {found}: the model was changed.")
    return index


def load_model(folder: Path, index: dict[str, Any]) -> Model:
    file, classes, features = folder / Path(index["file"]).name, len(index["classes"]), len(index["features"])
    if index["algorithm"] == "xgboost":
        from retrain_trainers.tabular.boosters import load_booster

        return load_booster(file, classes, features)
    from retrain_trainers.tabular.sklearn_models import load_sklearn

    return load_sklearn(file, index["algorithm"], index["task"], classes, features)


def _in_blocks(model: Model, features: Floats, threads: int, progress: Progress) -> Floats:
    starts = range(0, len(features), BLOCK_ROWS)
    if len(features) == 0:
        return np.empty((0, 0))
    with ThreadPoolExecutor(max_workers=threads) as pool:
        done = []
        for number, block in enumerate(pool.map(lambda start: model.predict(features[start : start + BLOCK_ROWS]), starts)):
            done.append(block)
            progress.report(0.99 * (number + 1) / len(starts))
    return np.concatenate(done)


def _as_csv(key: str, keys: list[str], classes: list[str], predicted: Floats) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([key, "predicted", *(f"p:{label}" for label in classes)])
    if classes:
        chosen: list[int] = predicted.argmax(axis=1).tolist() if keys else []
        writer.writerows(
            [row, classes[code], *map(repr, values)] for row, code, values in zip(keys, chosen, predicted.tolist(), strict=True)
        )
    else:
        writer.writerows([row, repr(value)] for row, value in zip(keys, predicted.reshape(-1).tolist(), strict=True))
    return text.getvalue().encode()


def _difference(given: list[str], known: list[str]) -> str:
    missing = [name for name in known if name not in given]
    strange = [name for name in given if name not in known]
    if missing or strange:
        parts = [f"missing: {', '.join(missing[:5])}" if missing else "", f"unknown: {', '.join(strange[:5])}" if strange else ""]
        return f"job.json: features differ from the model's {len(known)}; {'; '.join(part for part in parts if part)}."
    return "job.json: features are the model's, but in another order."
