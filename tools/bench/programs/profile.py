import sys

import pandas as pd
from timed import Clock

clock = Clock()
frame = pd.read_csv(sys.argv[1])
for name in frame.columns:
    column = frame[name]
    column.isna().sum(), column.nunique()
    if pd.api.types.is_numeric_dtype(column):
        column.describe(), column.skew(), column.kurt(), column.quantile([i / 10000 for i in range(10001)], interpolation="lower")
        column.value_counts().head(20)
    else:
        column.value_counts()
clock.report(rows=len(frame))
