"""`python -m retrain_trainers.tabular describe|fit|predict`."""

import os
import sys

# One thread per numeric library: sums of floating-point numbers depend on how many threads share them, and a result must
# not. Parallelism is over folds, trials and trees instead. Must be set before the libraries load.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[variable] = "1"

from retrain_trainers.command import run  # noqa: E402
from retrain_trainers.tabular.trainer import TabularTrainer  # noqa: E402

if __name__ == "__main__":
    sys.exit(run(TabularTrainer(), sys.argv[1:]))
