"""What MLflow's own client reads of a run: arguments are the run's id; where the server is and as whom, the environment says."""

import json
import sys

from mlflow import MlflowClient

run_id = sys.argv[1]
client = MlflowClient()
run = client.get_run(run_id)
print(
    json.dumps(
        {
            "experiment": client.get_experiment(run.info.experiment_id).name,
            "name": run.info.run_name,
            "status": run.info.status,
            "ended": run.info.end_time is not None,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")},
            "history": [[m.step, m.value, m.timestamp] for m in client.get_metric_history(run_id, "train/loss")],
            "artifacts": sorted(entry.path for entry in client.list_artifacts(run_id, "report")),
            "report": open(client.download_artifacts(run_id, "report/ü b.md"), encoding="utf8").read(),
            "inputs": [
                [entry.dataset.name, entry.dataset.digest, entry.dataset.source_type, entry.dataset.source, entry.tags[0].value]
                for entry in run.inputs.dataset_inputs
            ],
            "found": [
                found.info.run_id
                for found in client.search_runs([run.info.experiment_id], "metrics.f1 > 0.85 and params.depth = '6'")
            ],
        }
    )
)
