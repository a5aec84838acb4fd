"""The text-to-SQL trainer: what it can do, fitting, predicting. The libraries load with the verb that needs them."""

from __future__ import annotations

from typing import Any

from retrain_trainers import CONTRACT, __version__
from retrain_trainers.contract import Job
from retrain_trainers.text_to_sql.parameters import T5, TASK


class TextToSqlTrainer:
    def describe(self) -> dict[str, Any]:
        return {
            "contract": CONTRACT,
            "name": "text-to-sql",
            "version": __version__,
            "tasks": [TASK],
            "algorithms": [{"name": T5.name, "tasks": list(T5.tasks), "parameters": T5.schema()}],
            "warmStart": True,
            "formats": ["csv"],
        }

    def fit(self, job: Job) -> None:
        from retrain_trainers.text_to_sql.fit import fit

        fit(job)

    def predict(self, job: Job) -> None:
        from retrain_trainers.text_to_sql.predict import predict

        predict(job)
