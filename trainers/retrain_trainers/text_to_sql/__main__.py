"""`python -m retrain_trainers.text_to_sql describe|fit|predict`."""

import os
import sys

# As in tabular: sums depend on how many threads share them, a result must not. The rest keeps the libraries off the network and
# from choosing by chance; all must be set before they load.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ |= {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}

from retrain_trainers.command import run  # noqa: E402
from retrain_trainers.text_to_sql.trainer import TextToSqlTrainer  # noqa: E402

if __name__ == "__main__":
    sys.exit(run(TextToSqlTrainer(), sys.argv[1:]))
