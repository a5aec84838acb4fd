import sys
import warnings

import pandas as pd
from evidently.legacy.calculations.stattests import ks_stat_test, psi_stat_test
from evidently.legacy.core import ColumnType
from timed import Clock

warnings.filterwarnings("ignore")
before, after, *options = sys.argv[1:]
if options:
    reference = pd.read_csv(before)
    clock = Clock()
else:
    clock = Clock()
    reference = pd.read_csv(before)
current = pd.read_csv(after)
found = {}
for name in reference.columns:
    numeric = pd.api.types.is_numeric_dtype(reference[name])
    kind = ColumnType.Numerical if numeric else ColumnType.Categorical
    found[name] = [psi_stat_test(reference[name], current[name], kind, 0.1).drift_score]
    if numeric:
        found[name].append(ks_stat_test(reference[name], current[name], kind, 0.05).drift_score)
clock.report(columns=len(found))
