"""Reads an experiment through Google's own SDK from the server at argv[1] and prints what it found as JSON."""

import json
import sys

import grpc
from google.api_core import grpc_helpers
from google.auth import credentials

endpoint, experiment = sys.argv[1:]
# The SDK's channel, without TLS: the one thing a server of this machine cannot give.
grpc_helpers.create_channel = lambda *_, **__: grpc.insecure_channel(endpoint)

from google.cloud import aiplatform  # noqa: E402

aiplatform.init(
    project="ours-1",
    location="europe-west4",
    credentials=credentials.AnonymousCredentials(),
    api_endpoint=endpoint,
    api_transport="grpc",
)
frame = aiplatform.get_experiment_df(experiment)
runs = {}
for name in frame["run_name"]:
    run = aiplatform.ExperimentRun(name, experiment=experiment)
    runs[name] = {
        "state": run.get_state(),
        "params": run.get_params(),
        "metrics": run.get_metrics(),
        "artifacts": sorted([a.display_name, a.schema_title, a.uri] for a in run.get_artifacts()),
        "executions": [e.display_name for e in run.get_executions()],
        "classification": [{key: value for key, value in c.items() if key != "id"} for c in run.get_classification_metrics()],
        "jobs": [job.resource_name for job in run.get_logged_custom_jobs()],
        "steps": run.get_time_series_data_frame().drop(columns="wall_time", errors="ignore").values.tolist(),
    }
print(json.dumps({
    "columns": sorted(frame.columns),
    "listed": sorted(run.name for run in aiplatform.ExperimentRun.list(experiment=experiment)),
    "runs": runs,
}))
