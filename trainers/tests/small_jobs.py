"""Small parts and jobs for the tests: rows whose target follows from their features, but for noise."""

from __future__ import annotations

import csv
import json
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from retrain_trainers.contract import Job, read_job
from retrain_trainers.errors import Refused

FEATURES = ["a", "b", "c", "d"]


class Case(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    @contextmanager
    def refused(self, *words: str) -> Iterator[None]:
        with self.assertRaises(Refused) as caught:
            yield
        for word in words:
            self.assertIn(word, f"{caught.exception.error} {caught.exception.todo}")

    def table(self, rows: int = 240, classes: int = 2, seed: int = 1) -> tuple[Any, Any]:
        """Writes train.csv and predict.csv; returns the features and the target as they were written."""
        random = np.random.default_rng(seed)
        x = random.normal(size=(rows, len(FEATURES))).round(3)
        x[:, 3] = random.integers(0, 2, rows)
        signal = x[:, 0] - 0.5 * x[:, 1] + random.normal(scale=0.7, size=rows)
        if classes == 0:
            y: Any = signal.round(4)
            cells = [repr(float(value)) for value in y]
        else:
            y = np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))
            cells = [f"class {code}" for code in y]
        with (self.folder / "train.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *FEATURES, "y"])
            writer.writerows([f"r{i}", *map(float, x[i]), cells[i]] for i in range(rows))
        with (self.folder / "predict.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *FEATURES])
            writer.writerows([f"r{i}", *map(float, x[i])] for i in range(rows))
        return x, y

    def content(self, algorithm: str, classes: int = 2, **changes: Any) -> dict[str, Any]:
        return {
            "contract": 1,
            "task": "regression" if classes == 0 else "classification",
            "algorithm": algorithm,
            "parameters": {},
            "search": {"method": "none", "folds": 3},
            "seed": 11,
            "key": "id",
            "target": {"column": "y", "classes": [f"class {code}" for code in range(classes)]},
            "features": FEATURES,
            "parts": {"train": {"path": "train.csv"}, "predict": {"path": "predict.csv"}},
            "model": "output/model",
            "output": "output",
            **changes,
        }

    def job(self, verb: Any, algorithm: str, classes: int = 2, **changes: Any) -> Job:
        path = self.folder / f"{verb}.json"
        path.write_text(json.dumps(self.content(algorithm, classes, **changes)))
        return read_job(path, verb)

    def predictions(self) -> tuple[list[str], list[list[str]]]:
        with (self.folder / "output" / "predictions.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        return header, rows

    def report(self) -> dict[str, Any]:
        found = json.loads((self.folder / "output" / "fit.json").read_text())
        assert isinstance(found, dict)
        return found
