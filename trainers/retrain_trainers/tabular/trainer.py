"""The tabular trainer: what it can do, fitting, predicting. The libraries load with the verb that needs them."""

from __future__ import annotations

from typing import Any

from retrain_trainers import CONTRACT, __version__
from retrain_trainers.contract import Job
from retrain_trainers.tabular.catalog import ALGORITHMS


class TabularTrainer:
    def describe(self) -> dict[str, Any]:
        return {
            "contract": CONTRACT,
            "name": "tabular",
            "version": __version__,
            "tasks": ["classification", "regression"],
            "algorithms": [
                {"name": a.name, "tasks": list(a.tasks), "parameters": a.schema(), "search": dict(a.space)} for a in ALGORITHMS.values()
            ],
            "warmStart": False,
            "formats": ["csv"],
        }

    def fit(self, job: Job) -> None:
        from retrain_trainers.tabular.fit import fit

        fit(job)

    def predict(self, job: Job) -> None:
        from retrain_trainers.tabular.predict import predict

        predict(job)
