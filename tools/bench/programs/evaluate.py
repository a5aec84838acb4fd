"""The same figures with scikit-learn (metrics), Fairlearn (fairness) and numpy (intervals)."""
import sys

import numpy as np
import pandas as pd
from sklearn import metrics as sk
from timed import Clock

path, work = sys.argv[1:3]
if work == "fairness":
    from fairlearn import metrics as fl
if work == "intervals":
    from scipy import stats

clock = Clock()
columns = ["y", "score", "ten", "many"] if work == "fairness" else ["y", "score"]
frame = pd.read_csv(path, usecols=columns)
y, s = frame["y"].to_numpy(), frame["score"].to_numpy()
p = (s >= 0.5).astype(int)
found = {}


def eight():
    tn, fp, fn, tp = sk.confusion_matrix(y, p).ravel()
    found.update({
        "accuracy": sk.accuracy_score(y, p), "f1_score": sk.f1_score(y, p), "auc_roc": sk.roc_auc_score(y, s),
        "average_precision": sk.average_precision_score(y, s), "log_loss": sk.log_loss(y, s), "brier": sk.brier_score_loss(y, s),
        "mcc": sk.matthews_corrcoef(y, p), "cell 0": tn, "cell 1": fp, "cell 2": fn, "cell 3": tp,
    })


def delong():
    """Sun and Xu's placements in numpy."""
    n1 = int(y.sum())
    n0 = len(y) - n1
    ranks, of_pos, of_neg = stats.rankdata(s), stats.rankdata(s[y == 1]), stats.rankdata(s[y == 0])
    v10 = (ranks[y == 1] - of_pos) / n0
    v01 = 1 - (ranks[y == 0] - of_neg) / n1
    return np.sqrt(v10.var(ddof=1) / n1 + v01.var(ddof=1) / n0)


if work == "fairness":
    for name in ("ten", "many"):
        by = fl.MetricFrame(
            metrics={"selection": fl.selection_rate, "tpr": fl.true_positive_rate, "fpr": fl.false_positive_rate},
            y_true=y, y_pred=p, sensitive_features=frame[name],
        )
        gap, ratio = by.difference(), by.ratio()
        found.update({
            f"{name} demographic_parity_difference": gap["selection"], f"{name} demographic_parity_ratio": ratio["selection"],
            f"{name} equalized_odds_difference": max(gap["tpr"], gap["fpr"]), f"{name} equalized_odds_ratio": min(ratio["tpr"], ratio["fpr"]),
            f"{name} equal_opportunity_difference": gap["tpr"], f"{name} false_positive_rate_difference": gap["fpr"],
        })
else:
    eight()
    if work == "intervals":
        losses = -np.log(np.where(y == 1, s, 1 - s))
        squares = (s - y) ** 2
        for values in (losses, squares):
            found["error"] = values.std(ddof=1) / np.sqrt(len(values))
        found["error"] = delong()
clock.report(**{name: float(value) for name, value in found.items()})
