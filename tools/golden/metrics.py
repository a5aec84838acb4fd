"""Golden values for test/metrics: what the reference libraries say about the same rows.

Requirements (Python 3.11): numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 seqeval==1.2.2 fairlearn==0.15.0 ranx==0.3.21 sacrebleu==2.6.0
Run: python tools/golden/metrics.py [PART…]   (all parts by default; writes test/metrics/golden/<part>.json)
"""

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
OUT = Path(__file__).resolve().parents[2] / "test" / "metrics" / "golden"


def plain(value):
    """JSON has no NaN: it becomes null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.floating, float)):
        number = float(value)
        return number if math.isfinite(number) else ("inf" if number > 0 else "-inf" if number < 0 else None)
    if isinstance(value, (np.integer,)):
        return int(value)
    return value


def binary_scores(y, s, w=None):
    """The score metrics and count metrics at .5 of a binary task with labels 0 and 1."""
    p = (s >= 0.5).astype(int)
    kw = {"sample_weight": w}
    fpr, tpr, cuts = sk.roc_curve(y, s, **kw)
    precision, recall, _ = sk.precision_recall_curve(y, s, **kw)
    det_fpr, det_fnr, _ = sk.det_curve(y, s, **kw)
    return {
        "accuracy": sk.accuracy_score(y, p, **kw),
        "balanced_accuracy": sk.balanced_accuracy_score(y, p, **kw),
        "precision": sk.precision_score(y, p, zero_division=np.nan, **kw),
        "recall": sk.recall_score(y, p, zero_division=np.nan, **kw),
        "specificity": sk.recall_score(y, p, pos_label=0, zero_division=np.nan, **kw),
        "f1_score": sk.f1_score(y, p, zero_division=np.nan, **kw),
        "f2_score": sk.fbeta_score(y, p, beta=2, zero_division=np.nan, **kw),
        "jaccard": sk.jaccard_score(y, p, **kw),
        "mcc": sk.matthews_corrcoef(y, p, **kw),
        "cohen_kappa": sk.cohen_kappa_score(y, p, **kw),
        "auc_roc": sk.roc_auc_score(y, s, **kw),
        "average_precision": sk.average_precision_score(y, s, **kw),
        "log_loss": sk.log_loss(y, s, labels=[0, 1], **kw),
        "brier": sk.brier_score_loss(y, s, **kw),
        "ks_statistic": float(np.max(tpr - fpr)),
        "partial_auc_0.1": sk.roc_auc_score(y, s, max_fpr=0.1, **kw),
        "partial_auc_0.5": sk.roc_auc_score(y, s, max_fpr=0.5, **kw),
        "roc": {"x": fpr, "y": tpr, "thresholds": cuts},
        "pr": {"x": recall, "y": precision},
        "det": {"x": det_fpr, "y": det_fnr},
    }


def multi_scores(y, p, labels, w=None):
    kw = {"sample_weight": w}
    out = {
        "accuracy": sk.accuracy_score(y, p, **kw),
        "balanced_accuracy": sk.balanced_accuracy_score(y, p, **kw),
        "mcc": sk.matthews_corrcoef(y, p, **kw),
        "cohen_kappa": sk.cohen_kappa_score(y, p, labels=labels, **kw),
        "cohen_kappa_linear": sk.cohen_kappa_score(y, p, labels=labels, weights="linear", **kw),
        "cohen_kappa_quadratic": sk.cohen_kappa_score(y, p, labels=labels, weights="quadratic", **kw),
        "confusion": sk.confusion_matrix(y, p, labels=labels, **kw).ravel(),
    }
    for average in ("macro", "weighted", "micro"):
        out[f"precision_{average}"] = sk.precision_score(y, p, average=average, zero_division=0, **kw)
        out[f"recall_{average}"] = sk.recall_score(y, p, average=average, zero_division=0, **kw)
        out[f"f1_{average}"] = sk.f1_score(y, p, average=average, zero_division=0, **kw)
        out[f"jaccard_{average}"] = sk.jaccard_score(y, p, average=average, zero_division=0, **kw)
    return out


def probability_scores(y, P, k, w=None):
    kw = {"sample_weight": w}
    out = {
        "log_loss": sk.log_loss(y, P, labels=range(k), **kw),
        "brier": sk.brier_score_loss(y, P, labels=range(k), **kw),
        "top_2_accuracy": sk.top_k_accuracy_score(y, P, k=2, labels=range(k), **kw),
    }
    for average in ("macro", "weighted", "micro"):
        out[f"ovr_{average}"] = sk.roc_auc_score(y, P, multi_class="ovr", average=average, **kw)
    # The library has no weights for one against one.
    if w is None:
        out["ovo_macro"] = sk.roc_auc_score(y, P, multi_class="ovo", average="macro")
        out["ovo_weighted"] = sk.roc_auc_score(y, P, multi_class="ovo", average="weighted")
    return out


def calibration():
    from sklearn.calibration import calibration_curve
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(37)
    curves, isotonics = [], []
    for name, n, decimals in [("plain", 80, 4), ("ties", 90, 1), ("skewed", 120, 6), ("constant", 20, 0)]:
        s = rng.random(n) ** (4 if name == "skewed" else 1)
        s = np.full(n, 0.3) if name == "constant" else np.round(s, decimals)
        y = (rng.random(n) < s).astype(int)
        found = {}
        for strategy in ("uniform", "quantile"):
            for bins in (5, 10):
                shares, means = calibration_curve(y, s, n_bins=bins, strategy=strategy)
                found[f"{strategy} {bins}"] = {"shares": shares, "means": means}
        curves.append({"name": name, "y": y, "s": s, "expected": found})
    for name, n, decimals in [("plain", 40, 6), ("ties", 60, 1), ("weights", 50, 2), ("falling", 30, 3), ("constant", 12, 0), ("one", 1, 3)]:
        x = np.full(n, 2.0) if name == "constant" else np.round(rng.random(n) * 4, decimals)
        y = np.round((-x if name == "falling" else x) + rng.normal(0, 0.8, n), 4)
        w = np.round(rng.random(n) * 3, 1) if name == "weights" else None
        at = np.round(rng.random(30) * 6 - 1, 3)
        fitted = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=w).predict(at)
        isotonics.append({"name": name, "x": x, "y": y, "w": w, "at": at, "expected": fitted})
    return {"curves": curves, "isotonic": isotonics}


def classification():
    rng = np.random.default_rng(7)
    binary, multi, probs = [], [], []
    for name, n, decimals, weighted in [
        ("plain", 60, 3, False), ("ties", 200, 1, False), ("weights", 80, 2, True), ("extreme", 40, 12, False), ("rare", 300, 2, False),
    ]:
        y = (rng.random(n) < (0.05 if name == "rare" else 0.4)).astype(int)
        s = np.clip(np.round(0.3 * y + 0.7 * rng.random(n), decimals), 0, 1)
        if name == "extreme":
            s = np.where(rng.random(n) < 0.3, np.array([0.0, 1.0, 1e-300, 1e-17])[rng.integers(0, 4, n)], s)
        w = np.round(rng.random(n) * 3, 2) if weighted else None
        binary.append({"name": name, "y": y, "s": s, "w": w, "expected": binary_scores(y, s, w)})
    for name, n, k, weighted in [("three", 50, 3, False), ("five", 120, 5, True), ("missing class", 30, 6, False)]:
        y = rng.integers(0, 4 if name == "missing class" else k, n)
        p = np.where(rng.random(n) < 0.6, y, rng.integers(0, k, n))
        w = np.round(rng.random(n) * 3, 2) if weighted else None
        multi.append({"name": name, "k": k, "y": y, "p": p, "w": w, "expected": multi_scores(y, p, list(range(k)), w)})
    for name, n, k in [("three", 90, 3), ("ties", 90, 4), ("weights", 70, 3)]:
        y = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
        raw = rng.random((n, k)) + 0.6 * np.eye(k)[y]
        P = raw / raw.sum(axis=1, keepdims=True)
        if name == "ties":
            P = np.round(P * 8) / 8
            P[:, -1] = 1 - P[:, :-1].sum(axis=1)
            P = np.clip(P, 0, 1)
            P = P / P.sum(axis=1, keepdims=True)
        w = np.round(rng.random(n) * 3, 2) if name == "weights" else None
        probs.append({"name": name, "k": k, "y": y, "P": P.T, "w": w, "expected": probability_scores(y, P, k, w)})
    return {"binary": binary, "multiclass": multi, "probabilities": probs}


LOGARITHMIC = ("msle", "rmsle", "mean_poisson_deviance", "mean_gamma_deviance")
RELATIVE = ("mape", *LOGARITHMIC)


def number_scores(y, f, w=None):
    kw = {"sample_weight": w}
    return {
        "rmse": sk.root_mean_squared_error(y, f, **kw), "mse": sk.mean_squared_error(y, f, **kw), "mae": sk.mean_absolute_error(y, f, **kw),
        "median_absolute_error": sk.median_absolute_error(y, f, **kw), "max_error": sk.max_error(y, f),
        "r2": sk.r2_score(y, f, **kw), "explained_variance": sk.explained_variance_score(y, f, **kw),
        "pinball_10": sk.mean_pinball_loss(y, f, alpha=0.1, **kw), "pinball_90": sk.mean_pinball_loss(y, f, alpha=0.9, **kw),
        "d2_absolute_error": sk.d2_absolute_error_score(y, f, **kw), "mape": sk.mean_absolute_percentage_error(y, f, **kw),
        "msle": sk.mean_squared_log_error(y, f, **kw), "rmsle": sk.root_mean_squared_log_error(y, f, **kw),
        "mean_poisson_deviance": sk.mean_poisson_deviance(y, f, **kw), "mean_gamma_deviance": sk.mean_gamma_deviance(y, f, **kw),
    }


def regression():
    rng = np.random.default_rng(11)
    cases = []
    for name, n, weighted in [("plain", 40, False), ("weights", 50, True), ("large mean", 30, False), ("tiny", 25, False), ("giant", 25, False),
                              ("1e-300", 25, False), ("1e300", 25, False)]:
        y = rng.random(n) * 9 + 0.5
        f = np.clip(y + rng.normal(0, 0.8, n), 0.05, None)
        if name == "large mean":
            y, f = y + 1e7, f + 1e7
        if name == "tiny":
            y, f = y * 1e-150, f * 1e-150
        if name == "giant":
            y, f = y * 1e140, f * 1e140
        if name.startswith("1e"):
            y, f = y * float(name), f * float(name)
        w = np.round(rng.random(n) * 3, 2) if weighted else None
        exp = number_scores(y, f, w)
        if name.startswith("1e"):
            # Squares leave the range of doubles, so the library's own figure is 0 or infinite. These two do not depend on the unit.
            unit = float(name)
            exp = {m: exp[m] for m in ("mape", "mae", "median_absolute_error", "max_error", "pinball_10", "pinball_90", "d2_absolute_error")}
            exp |= {"r2": sk.r2_score(y / unit, f / unit), "explained_variance": sk.explained_variance_score(y / unit, f / unit)}
        for metric in RELATIVE if name in ("tiny", "1e-300") else LOGARITHMIC if name not in ("plain", "weights") else ():
            exp.pop(metric, None)
        cases.append({"name": name, "y": y, "f": f, "w": w, "expected": exp})
    return {"cases": cases}


def fairness():
    import pandas as pd
    from fairlearn import metrics as fl

    rng = np.random.default_rng(13)
    cases = []
    for name, n, groups in [("two", 300, 2), ("five", 900, 5)]:
        g = rng.integers(0, groups, n)
        y = (rng.random(n) < 0.4).astype(int)
        p = (rng.random(n) < 0.2 + 0.4 * y + 0.05 * g).astype(int)
        frame = fl.MetricFrame(
            metrics={
                "selection_rate": fl.selection_rate, "true_positive_rate": fl.true_positive_rate, "false_positive_rate": fl.false_positive_rate,
                "false_negative_rate": fl.false_negative_rate, "true_negative_rate": fl.true_negative_rate,
                "precision": sk.precision_score, "accuracy": sk.accuracy_score,
            },
            y_true=y, y_pred=p, sensitive_features=pd.Series(g),
        )
        kw = {"sensitive_features": g}
        exp = {
            "groups": {str(i): dict(row) for i, row in frame.by_group.iterrows()},
            "demographic_parity_difference": fl.demographic_parity_difference(y, p, **kw),
            "demographic_parity_ratio": fl.demographic_parity_ratio(y, p, **kw),
            "equalized_odds_difference": fl.equalized_odds_difference(y, p, **kw),
            "equalized_odds_ratio": fl.equalized_odds_ratio(y, p, **kw),
            "equal_opportunity_difference": fl.equal_opportunity_difference(y, p, **kw),
            "equal_opportunity_ratio": fl.equal_opportunity_ratio(y, p, **kw),
            "to_overall_difference": fl.demographic_parity_difference(y, p, method="to_overall", **kw),
            "to_overall_ratio": fl.demographic_parity_ratio(y, p, method="to_overall", **kw),
            "odds_mean_difference": fl.equalized_odds_difference(y, p, agg="mean", **kw),
        }
        cases.append({"name": name, "g": g, "y": y, "p": p, "expected": exp})
    return {"cases": cases}


def entities():
    from seqeval import metrics as sq
    from seqeval import scheme as sch
    from seqeval.metrics.sequence_labeling import get_entities

    schemes = {"IOB1": sch.IOB1, "IOB2": sch.IOB2, "IOE1": sch.IOE1, "IOE2": sch.IOE2, "IOBES": sch.IOBES, "BILOU": sch.BILOU}
    letters = {"IOB1": "IOB", "IOB2": "IOB", "IOE1": "IOE", "IOE2": "IOE", "IOBES": "IOBES", "BILOU": "BILOU"}
    rng = np.random.default_rng(17)

    def draw(name, n):
        tags = []
        for _ in range(n):
            letter = rng.choice(list(letters[name]))
            tags.append("O" if letter == "O" else letter if rng.random() < 0.05 else f"{letter}-{rng.choice(['A', 'B', 'A-x'])}")
        return tags

    spans, lenient, scores = [], [], []
    for name, scheme in schemes.items():
        for _ in range(120):
            tags = draw(name, int(rng.integers(1, 9)))
            found = [(e.tag, e.start, e.end) for e in sch.Tokens(tags, scheme).entities]
            spans.append({"scheme": name, "tags": tags, "strict": found})
            lenient.append({"tags": tags, "entities": [(t, a, b + 1) for t, a, b in get_entities(tags)]})
        truth = [draw(name, 8) for _ in range(30)]
        predicted = [[t if rng.random() < 0.8 else draw(name, 1)[0] for t in tags] for tags in truth]
        for mode in ("strict", "lenient"):
            kw = {"mode": "strict", "scheme": scheme} if mode == "strict" else {}
            exp = {}
            for label, average in (("f1_score", "micro"), ("f1_macro", "macro"), ("f1_weighted", "weighted")):
                exp[label] = sq.f1_score(truth, predicted, average=average, zero_division=0, **kw)
            for label, average in (("precision", "micro"), ("precision_macro", "macro"), ("precision_weighted", "weighted")):
                exp[label] = sq.precision_score(truth, predicted, average=average, zero_division=0, **kw)
            for label, average in (("recall", "micro"), ("recall_macro", "macro"), ("recall_weighted", "weighted")):
                exp[label] = sq.recall_score(truth, predicted, average=average, zero_division=0, **kw)
            exp["token_accuracy"] = sq.accuracy_score(truth, predicted)
            scores.append({"mode": mode, "scheme": name, "truth": truth, "predicted": predicted, "expected": exp})
    return {"spans": spans, "lenient": lenient, "scores": scores}


def ranking():
    from ranx import Qrels, Run, evaluate

    rng = np.random.default_rng(19)
    qrels, run = {}, {}
    for q in range(40):
        docs = [f"d{d}" for d in rng.permutation(40)[:20]]
        qrels[f"q{q}"] = {d: int(rng.integers(0, 4)) if i else 2 for i, d in enumerate(docs[:8])}
        picked = [docs[i] for i in rng.permutation(20)[:12]]
        order = rng.permutation(1000)[:12]
        run[f"q{q}"] = {d: float(s) for d, s in zip(picked, order)}
    names = {
        "ndcg_at_3": "ndcg@3", "ndcg_at_10": "ndcg@10", "ndcg": "ndcg", "ndcg_burges_at_10": "ndcg_burges@10", "map": "map", "map_at_5": "map@5",
        "mrr": "mrr", "mrr_at_3": "mrr@3", "precision_at_5": "precision@5", "recall_at_5": "recall@5", "f1_at_5": "f1@5",
        "success_at_1": "hit_rate@1", "hits_at_5": "hits@5", "r_precision": "r-precision", "set_f1": "f1",
    }
    found = evaluate(Qrels(qrels), Run(run), list(names.values()))
    return {"qrels": qrels, "run": run, "expected": {ours: found[theirs] for ours, theirs in names.items()}}


def multilabel():
    rng = np.random.default_rng(23)
    labels = list("abcde")
    y = (rng.random((40, 5)) < 0.3).astype(int)
    p = np.where(rng.random((40, 5)) < 0.8, y, 1 - y)
    y[:, 4] = 0
    p[:, 4] = 0
    out = {}
    for average in ("macro", "weighted", "micro", "samples"):
        kw = {"average": average, "zero_division": 0}
        out[f"precision_{average}"] = sk.precision_score(y, p, **kw)
        out[f"recall_{average}"] = sk.recall_score(y, p, **kw)
        out[f"f1_{average}"] = sk.f1_score(y, p, **kw)
        out[f"jaccard_{average}"] = sk.jaccard_score(y, p, **kw)
    out["accuracy"] = sk.accuracy_score(y, p)
    out["hamming_loss"] = sk.hamming_loss(y, p)
    sets = lambda m: [[labels[j] for j in range(5) if row[j]] for row in m]
    return {"labels": labels, "truth": sets(y), "predicted": sets(p), "expected": out}


def large():
    """
    A million rows as a seed (20240101, stream 6; the index is the case). Each row of `scores` is y = float < .3, s = ⌊(.3y + .7·float)·5000⌋/5000;
    `weighted` the first 200,000 of the same with w = ⌊4·float⌋/2 drawn after; of `numbers` y = float·9 + .5, f = y + 2·float - 1; of `classes`
    y = below(6), ŷ = y when float < .6, else below(6).
    """
    from random_s4 import Random

    random, n = Random(20240101, 6, 0), 1_000_000
    y, s = np.zeros(n, dtype=int), np.zeros(n)
    for i in range(n):
        y[i] = random.float() < 0.3
        s[i] = math.floor((0.3 * y[i] + 0.7 * random.float()) * 5000) / 5000
    w = np.array([math.floor(4 * random.float()) / 2 for _ in range(200_000)])
    scores, weighted = binary_scores(y, s), binary_scores(y[:200_000], s[:200_000], w)

    random = Random(20240101, 6, 1)
    y, f = np.zeros(n), np.zeros(n)
    for i in range(n):
        y[i] = random.float() * 9 + 0.5
        f[i] = y[i] + 2 * random.float() - 1
    numbers = number_scores(y, np.maximum(f, 0.05))

    random = Random(20240101, 6, 2)
    y, p = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    for i in range(n):
        y[i] = random.below(6)
        p[i] = y[i] if random.float() < 0.6 else random.below(6)
    classes = multi_scores(y, p, list(range(6)))
    only = lambda found: {name: value for name, value in found.items() if not isinstance(value, dict)}
    return {"scores": only(scores), "weighted": only(weighted), "numbers": numbers, "classes": classes}


def text():
    from sacrebleu.metrics import BLEU, CHRF, TER

    rng = np.random.default_rng(29)
    words = "the cat sat on a mat , there is dog here . It's 3.5 % of 1,000 rows - not 2-3 ! café naïve 東京 state-of-the-art &quot;".split()
    draw = lambda n: " ".join(rng.choice(words, n))
    refs, hyps = [], []
    for _ in range(60):
        ref = draw(int(rng.integers(1, 14)))
        parts = [w for w in ref.split() if rng.random() < 0.85]
        if rng.random() < 0.5 and len(parts) > 3:
            at = int(rng.integers(0, len(parts) - 2))
            parts = parts[at:] + parts[:at]
        hyps.append(" ".join(w if rng.random() < 0.85 else str(rng.choice(words)) for w in parts))
        refs.append([ref, draw(int(rng.integers(1, 14)))])
    streams = [[r[0] for r in refs], [r[1] for r in refs]]
    out = {}
    for tokenize in ("13a", "intl", "char", "zh", "none"):
        out[f"bleu {tokenize}"] = BLEU(tokenize=tokenize).corpus_score(hyps, streams).score
    for smooth in ("exp", "floor", "add-k", "none"):
        out[f"bleu smooth {smooth}"] = BLEU(smooth_method=smooth).corpus_score(hyps[:2], [s[:2] for s in streams]).score
    out["bleu effective order"] = BLEU(effective_order=True).corpus_score(["cat"], [["cat"]]).score
    out["chrf"] = CHRF().corpus_score(hyps, streams).score
    out["chrf++"] = CHRF(word_order=2).corpus_score(hyps, streams).score
    out["ter"] = TER().corpus_score(hyps, streams).score
    sentence = [
        {"bleu": BLEU(effective_order=True).sentence_score(h, r).score, "chrf": CHRF().sentence_score(h, r).score,
         "ter": TER().sentence_score(h, r).score}
        for h, r in zip(hyps, refs)
    ]
    return {"hypotheses": hyps, "references": refs, "corpus": out, "sentences": sentence, "long": long_texts(TER)}


def long_texts(TER):
    """Few words, much repeated, and of unlike lengths: the band of edits and the limits of moves decide."""
    rng = np.random.default_rng(31)
    hyps, refs = [], []
    for n, m, k in [(60, 60, 4), (90, 80, 30), (120, 30, 12), (20, 130, 12), (3, 180, 3), (150, 150, 200), (70, 70, 70), (1, 60, 2), (40, 40, 2)]:
        ref = [f"w{i}" for i in rng.integers(0, k, m)]
        hyp = [w if rng.random() < 0.8 else f"w{rng.integers(0, k)}" for w in ref][:n] + [f"w{i}" for i in rng.integers(0, k, max(0, n - m))]
        for _ in range(4):
            a, b = sorted(rng.integers(0, len(hyp) + 1, 2))
            hyp = hyp[b:] + hyp[a:b] + hyp[:a] if rng.random() < 0.3 else hyp[:a] + hyp[b:] + hyp[a:b]
        hyps.append(" ".join(hyp))
        refs.append([" ".join(ref)])
    return {"hypotheses": hyps, "references": refs, "corpus": TER().corpus_score(hyps, [[r[0] for r in refs]]).score,
            "sentences": [TER().sentence_score(h, r).score for h, r in zip(hyps, refs)]}


PARTS = {"classification": classification, "regression": regression, "fairness": fairness, "entities": entities, "ranking": ranking, "multilabel": multilabel,
         "calibration": calibration, "large": large, "text": text}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for part in sys.argv[1:] or PARTS:
        (OUT / f"{part}.json").write_text(json.dumps(plain(PARTS[part]())) + "\n")
        print(part)
