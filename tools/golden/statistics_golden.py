"""Golden values for test/statistics, from the reference libraries.

Requirements: Python 3.11, numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 scikit-learn==1.9.1 mpmath==1.4.1
Run: python tools/golden/statistics_golden.py   (writes test/statistics/golden/*.json)
Samples above 60 values are given as seeds; `sample` below and test/statistics/golden-samples.ts make the same rows of them.
"""

import json
import math
import pathlib
import warnings

import mpmath as mp
import numpy as np
import scipy
import scipy.special as sp
import scipy.stats as st
import sklearn
import statsmodels
from sklearn.metrics import mutual_info_score, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from random_s4 import Random

warnings.simplefilter("ignore")
mp.mp.dps = 40
HERE = pathlib.Path(__file__).resolve().parents[2] / "test" / "statistics" / "golden"
SEED = 20240101
SYNTHETIC = 6


def plain(x):
    """JSON without NaN and infinities: those become words."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, (bool, np.bool_, str)) or x is None:
        return x
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = float(x)
    return x if math.isfinite(x) else ("nan" if math.isnan(x) else ("inf" if x > 0 else "-inf"))


def write(name, value):
    value = {
        "made": f"tools/golden/statistics_golden.py: numpy {np.__version__}, scipy {scipy.__version__}, "
        f"statsmodels {statsmodels.__version__}, scikit-learn {sklearn.__version__}, mpmath {mp.__version__}",
        **value,
    }
    text = json.dumps(plain(value), separators=(",", ":"), allow_nan=False)
    (HERE / f"{name}.json").write_text(text.replace('],[', '],\n[').replace('},{', '},\n{') + "\n")


# ---------------------------------------------------------------- samples

def sample(spec):
    """Rows of a sample: {kind, n, index, shift, scale}; twin of test/statistics/golden-samples.ts."""
    random = Random(SEED, SYNTHETIC, spec["index"])
    shift, scale = spec.get("shift", 0), spec.get("scale", 1)
    rows = []
    for _ in range(spec["n"]):
        if spec["kind"] == "uniform":
            value = random.float()
        elif spec["kind"] == "halves":
            value = math.floor(random.normal() * 2 + 0.5) / 2
        elif spec["kind"] == "few":
            value = random.below(4)
        elif spec["kind"] == "normal":
            value = random.normal()
        elif spec["kind"] == "constant":
            value = 1
        else:
            raise ValueError(spec["kind"])
        rows.append(value * scale + shift)
    return rows


PAIRS = [
    ({"kind": a, "n": n, "index": 10 + 2 * i, **more_a}, {"kind": b, "n": m, "index": 11 + 2 * i, **more_b})
    for i, (a, n, more_a, b, m, more_b) in enumerate([
        ("normal", 5, {}, "normal", 5, {}),
        ("normal", 6, {}, "normal", 9, {"shift": 1}),
        ("normal", 8, {}, "normal", 30, {"shift": 0.5}),
        ("normal", 12, {}, "normal", 12, {"scale": 3}),
        ("normal", 20, {}, "normal", 19, {}),
        ("halves", 7, {}, "halves", 8, {}),
        ("halves", 20, {}, "halves", 20, {"shift": 0.5}),
        ("few", 15, {}, "few", 18, {}),
        ("few", 40, {}, "few", 60, {}),
        ("uniform", 10, {}, "normal", 14, {}),
        ("uniform", 33, {}, "uniform", 21, {"shift": 0.3}),
        ("normal", 30, {"scale": 1e-150}, "normal", 25, {"scale": 1e-150}),
        ("normal", 30, {"scale": 1e150}, "normal", 25, {"scale": 1e150}),
        ("normal", 9, {"shift": 1e6}, "normal", 11, {"shift": 1e6}),
        ("constant", 6, {}, "normal", 7, {}),
        ("normal", 5, {}, "normal", 400, {"shift": 2}),
        ("normal", 100, {}, "normal", 120, {}),
        ("normal", 200, {}, "normal", 150, {"shift": 0.2}),
        ("halves", 300, {}, "halves", 250, {"shift": 0}),
        ("uniform", 1000, {}, "uniform", 900, {}),
        ("normal", 1000, {}, "normal", 1000, {"shift": 0.3}),
        ("few", 2000, {}, "few", 1500, {}),
        ("normal", 3000, {}, "normal", 4000, {"scale": 1.1}),
        ("normal", 11000, {}, "normal", 500, {"shift": 0.05}),
        ("halves", 20000, {}, "normal", 15000, {}),
    ])
]


def tested(result):
    return [float(result.statistic), float(result.pvalue)]


def attempt(f):
    try:
        found = f()
        return None if any(isinstance(x, float) and math.isnan(x) for x in found) else found
    except Exception:
        return None


def two_samples():
    cases = []
    for a_spec, b_spec in PAIRS:
        a, b = np.array(sample(a_spec), float), np.array(sample(b_spec), float)
        n, m = len(a), len(b)
        case = {"a": a_spec, "b": b_spec}
        for side in ("two-sided", "less", "greater"):
            case[f"ks asymptotic {side}"] = tested(st.ks_2samp(a, b, alternative=side, method="asymp"))
            found = tested(st.ks_2samp(a, b, alternative=side))
            # Where the number of paths overflows scipy silently answers the asymptotic p: no exact value to compare with.
            if not math.isclose(found[1], case[f"ks asymptotic {side}"][1], rel_tol=1e-9) or max(n, m) > 10_000:
                case[f"ks {side}"] = found
            case[f"mwu {side}"] = attempt(lambda: tested(st.mannwhitneyu(a, b, alternative=side)))
            case[f"t {side}"] = attempt(lambda: tested(st.ttest_ind(a, b, alternative=side)))
            # The fourth power of the spread leaves the range of doubles in scipy, so the scale is taken out first.
            unit = a_spec.get("scale", 1) if a_spec.get("scale", 1) in (1e-150, 1e150) else 1
            case[f"welch {side}"] = attempt(lambda: tested(st.ttest_ind(a / unit, b / unit, equal_var=False, alternative=side)))
            case[f"munzel {side}"] = attempt(lambda: tested(st.brunnermunzel(a, b, alternative=side)))
        case["mwu asymptotic"] = attempt(lambda: tested(st.mannwhitneyu(a, b, method="asymptotic")))
        case["cvm"] = attempt(lambda: tested(st.cramervonmises_2samp(a, b)))
        case["cvm asymptotic"] = attempt(lambda: tested(st.cramervonmises_2samp(a, b, method="asymptotic")))
        case["anderson"] = attempt(lambda: tested(st.anderson_ksamp([a, b], variant="midrank")))
        case["epps"] = attempt(lambda: tested(st.epps_singleton_2samp(a, b)))
        case["levene"] = attempt(lambda: tested(st.levene(a, b)))
        case["wasserstein"] = st.wasserstein_distance(a, b)
        case["energy"] = st.energy_distance(a, b)
        pooled = math.sqrt((a.var(ddof=1) * (n - 1) + b.var(ddof=1) * (m - 1)) / (n + m - 2))
        case["cohen"] = (a.mean() - b.mean()) / pooled
        if n * m <= 2_000_000:
            labels = np.r_[np.ones(n), np.zeros(m)]
            case["auc"] = roc_auc_score(labels, np.r_[a, b])
        cases.append(case)
    write("two-samples", {"cases": cases})


def with_infinities():
    a = np.array([-np.inf, -np.inf, 0, 1, 1e300, 1e-300, np.inf])
    b = np.array([-1e300, 0, 0, 2, np.inf, 5, 7, -1e-300])
    cases = [{"a": a, "b": b, **{f"ks {side}": tested(st.ks_2samp(a, b, alternative=side)) for side in ("two-sided", "less", "greater")},
              "mwu": tested(st.mannwhitneyu(a, b))}]
    apart = [np.arange(0.0, 60), np.arange(100.0, 145)]
    cases.append({"a": apart[0], "b": apart[1], **{f"ks {side}": tested(st.ks_2samp(*apart, alternative=side)) for side in ("two-sided", "less", "greater")},
                  "mwu": tested(st.mannwhitneyu(*apart))})
    write("infinities", {"cases": cases})


# ---------------------------------------------------------------- special functions

def gamma_parts(a, x):
    """P and Q from the power series, with digits enough for 1 - P in the far tail."""
    with mp.workdps(800):
        term = total = mp.mpf(1)
        k = 0
        while term > total * mp.mpf(10) ** -790:
            k += 1
            term *= mp.mpf(x) / (a + k)
            total += term
        lower = total * mp.mpf(x) ** a * mp.exp(-mp.mpf(x)) / mp.gamma(mp.mpf(a) + 1)
        return float(lower), float(1 - lower)


def student_tail(t, df):
    """By quadrature: scipy's own t.sf loses digits near t = 0."""
    df, t = mp.mpf(df), mp.mpf(t)
    scale = mp.exp(mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2)) / mp.sqrt(df * mp.pi)
    density = lambda x: scale * mp.exp(-(df + 1) / 2 * mp.log1p(x * x / df))
    if t < 1:
        return float(mp.mpf(1) / 2 - mp.quad(density, [0, t]))
    if df <= 10_000:
        return float(mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2)
    return float(mp.quad(density, [t + k / t for k in range(90)]))


def special():
    f = lambda x: float(x)
    out = {}
    xs = [1e-300, 1e-10, 1e-3, 0.1, 0.4, 0.49, 0.5, 0.9, 0.99999, 1, 1.00001, 1.3, 1.5, 1.9, 1.999999, 2, 2.0001, 2.4, 2.6, 3, 4.7, 7.5, 9.99, 10, 10.3, 33, 170.5, 1e4, 1e6, 1e10, 1e100, 1e300]
    out["lnGamma"] = [[x, f(mp.loggamma(x))] for x in xs]
    zs = [-40, -10, -5, -1, -0.3, -1e-10, 0, 1e-300, 1e-8, 0.1, 0.46, 0.47, 1, 2, 3.9, 4.1, 5, 8, 12, 20, 26]
    out["erfc"] = [[x, f(mp.erfc(x))] for x in zs]
    out["normalSf"] = [[x, f(mp.erfc(mp.mpf(x) / mp.sqrt(2)) / 2)] for x in [*zs, 30, 37]]
    ps = [1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.001, 0.01, 0.05, 0.074, 0.076, 0.2, 0.4999, 0.5, 0.7, 0.95, 0.999, 1 - 1e-10]
    out["normalQuantile"] = [[p, float(sp.ndtri(p))] for p in ps]
    gammas = []
    for a in [0.5, 1, 1.5, 2.5, 7, 31.5, 100, 250.5, 1000, 12345.5, 1e6]:
        for k in [0.01, 0.3, 0.7, 0.9, 0.98, 1, 1.02, 1.1, 1.5, 2, 4]:
            x = a * k
            gammas.append([a, x, float(sp.gammainc(a, x)), float(sp.gammaincc(a, x))])
    for a, x in [(0.5, 700), (1.5, 650), (50, 900), (1, 1e-300), (0.5, 1e-200), (3, 1e-90), (500, 20)]:
        gammas.append([a, x, *gamma_parts(a, x)])
    out["gamma"] = gammas
    betas = []
    for a, b in [(0.5, 0.5), (1, 1), (2, 3.5), (0.5, 20), (30, 0.5), (7, 14), (100, 3), (250, 250), (0.5, 1000), (1234.5, 0.5), (5000, 7000)]:
        for x in [1e-10, 0.001, 0.1, 0.3, 0.42, 0.5, 0.9, 0.99, 0.9999]:
            betas.append([x, a, b, float(sp.betainc(a, b, x))])
    out["beta"] = betas
    students = [[t, df, student_tail(t, df)] for df in [1, 2, 3.7, 10, 30, 100, 1e4, 1e6, 1e8, 1e10] for t in [0, 1e-8, 0.3, 1, 1.96, 3, 8, 25]]
    out["studentSf"] = students
    out["studentQuantile"] = [[p, df, float(st.t.ppf(p, df))] for df in [1, 2, 4, 9.5, 30, 500, 1e6, 1e9] for p in [1e-12, 1e-5, 0.001, 0.025, 0.3, 0.49, 0.6, 0.95, 0.975, 0.9995]]
    out["chiSquareQuantile"] = [[p, df, float(st.chi2.ppf(p, df))] for df in [1, 2, 3, 9, 49.5, 1000] for p in [1e-8, 0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999, 0.99999]]
    out["chiSquareIsf"] = [[q, df, float(st.chi2.isf(q, df))] for df in [1, 3, 9, 200] for q in [1e-100, 1e-20, 1e-6, 0.001, 0.4, 0.9]]
    out["betaQuantile"] = [[p, a, b, float(st.beta.ppf(p, a, b))] for a, b in [(0.5, 0.5), (0.5, 30.5), (1, 20), (7, 14), (500.5, 3), (1e4, 2e4), (3, 1e6)] for p in [1e-10, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999]]
    out["fisherFSf"] = [[x, a, b, float(st.f.sf(x, a, b))] for a, b in [(1, 1), (3, 20), (1, 500), (40, 7)] for x in [0.01, 0.5, 1, 3.2, 20, 300]]
    binomials = []
    for n, p in [(1, 0.5), (12, 0.5), (20, 0.01), (20, 0.99), (1000, 0.3), (100000, 0.5), (10**6, 1e-5)]:
        for k in sorted({0, 1, n // 3, int(n * p), int(n * p) + 3, n - 1, n}):
            if k <= n:
                exact_pmf = mp.binomial(n, k) * mp.mpf(p) ** k * (1 - mp.mpf(p)) ** (n - k)
                mass = lambda j: mp.binomial(n, j) * mp.mpf(p) ** j * (1 - mp.mpf(p)) ** (n - j)
                lower, upper = float(st.binom.cdf(k, n, p)), float(st.binom.sf(k, n, p))
                if k < 200 or n <= 1000:
                    total = mp.fsum(mass(j) for j in range(k + 1))
                    lower = f(total)
                    if total < 0.999:
                        upper = f(1 - total)
                binomials.append([k, n, p, f(exact_pmf), lower, upper])
    out["binomial"] = binomials
    hyper = []
    for N, K, n in [(20, 7, 6), (100, 50, 30), (5000, 100, 700), (10**6, 3000, 2000)]:
        for k in sorted({max(0, n + K - N), min(K, n), n * K // N, n * K // N + 2, n * K // N + 9}):
            if k > min(K, n):
                continue
            mass = lambda j: mp.binomial(K, j) * mp.binomial(N - K, n - j) / mp.binomial(N, n)
            lower = mp.fsum(mass(j) for j in range(max(0, n + K - N), k + 1)) if k < 200 else None
            hyper.append([k, N, K, n, f(mass(k)), f(lower) if lower is not None else float(st.hypergeom.cdf(k, N, K, n))])
    out["hypergeometric"] = hyper
    out["kolmogorovSf"] = [[z, float(sp.kolmogorov(z))] for z in [0.01, 0.05, 0.2, 0.5, 0.8, 0.99, 1, 1.01, 1.2, 1.36, 2, 3, 6]]
    out["smirnovSf"] = [[n, d, float(sp.smirnov(n, d))] for n in [1, 2, 5, 10, 100, 1000, 20000, 2000000] for d in [0.001, 0.01, 0.1, 0.3, 0.7, 0.99]]
    kstwo = []
    for n in [1, 2, 3, 5, 10, 20, 50, 100, 140, 141, 200, 500, 1000, 5000, 50000, 100000, 100001, 1000000]:
        root = math.sqrt(n)
        for z in [0.02, 0.1, 0.3, 0.45, 0.6, 0.828, 0.9, 1, 1.2, 1.45, 1.5, 1.9, 2.1, 3, 5, 12, 19.3]:
            d = z / root
            if d < 1:
                kstwo.append([d, n, float(st.kstwo.sf(d, n))])
        for t in [0.4, 0.5, 0.7, 0.999, 1, 1.01, 1.5, 2.5]:
            if t / n < 1:
                kstwo.append([t / n, n, float(st.kstwo.sf(t / n, n))])
        for d in [0.499, 0.5, 0.51, 0.9]:
            kstwo.append([d, n, float(st.kstwo.sf(d, n))])
    out["kolmogorovSmirnovSf"] = kstwo
    write("special", out)


# ---------------------------------------------------------------- random numbers

def randoms():
    cases = []
    for seed, stream, index in [(0, 1, 0), (SEED, 1, 0), (SEED, 2, 7), (2**53 - 1, 6, 2**32 + 5), (0xBA7816BF8F01CFEA, 4, 99999)]:
        make = lambda: Random(seed, stream, index)
        words, floats, normals = make(), make(), make()
        case = {"seed": str(seed), "stream": stream, "index": index, "state": make().state,
                "words": [words.u32() for _ in range(20)], "floats": [floats.float() for _ in range(10)], "normals": [normals.normal() for _ in range(40)]}
        case["below"] = []
        for n in [1, 2, 3, 10, 1000, 2**21, 2**21 + 1, 3 * 10**9, 2**32 - 1]:
            random = make()
            case["below"].append([n, [random.below(n) for _ in range(12)]])
        case["shuffled"] = make().shuffle(list(range(15)))
        cases.append(case)
    random = Random(SEED, 1, 3)
    for _ in range(10**6):
        last = random.u32()
    write("random", {"cases": cases, "millionth": last})


# ---------------------------------------------------------------- describing

METHODS = ["linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf", "inverted_cdf", "averaged_inverted_cdf", "closest_observation"]


def describing():
    cases = []
    qs = [0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.9, 0.975, 1]
    specs = [{"kind": "normal", "n": 1, "index": 1}, {"kind": "normal", "n": 2, "index": 2}, {"kind": "few", "n": 3, "index": 3}, {"kind": "normal", "n": 10, "index": 4},
             {"kind": "halves", "n": 20, "index": 5}, {"kind": "normal", "n": 33, "index": 6, "scale": 1e150}, {"kind": "uniform", "n": 50, "index": 7, "scale": 1e-300},
             {"kind": "constant", "n": 8, "index": 8, "scale": 0.1}, {"kind": "normal", "n": 1000, "index": 9, "shift": 1e6}, {"kind": "uniform", "n": 5001, "index": 9}]
    for spec in specs:
        x = np.array(sample(spec), float)
        case = {"sample": spec, "mean": math.fsum(x) / len(x)}
        with np.errstate(all="ignore"):
            exact = [mp.mpf(v) for v in x]
            mean = mp.fsum(exact) / len(exact)
            m2, m3, m4 = (mp.fsum((v - mean) ** k for v in exact) / len(exact) for k in (2, 3, 4))
            constant = len(set(x.tolist())) == 1
            case["var0"] = float(m2)
            case["skewness"] = None if constant else float(m3 / m2 ** mp.mpf(1.5))
            case["kurtosis"] = None if constant else float(m4 / m2**2 - 3)
            case["mad"] = st.median_abs_deviation(x)
            case["iqr"] = st.iqr(x)
        case["quantiles"] = {method: np.quantile(x, qs, method=method) for method in METHODS}
        if spec.get("scale", 1) in (1, 1e-300) and spec["kind"] != "constant":
            case["bins"] = {rule: len(np.histogram_bin_edges(x, rule)) - 1 for rule in ["sqrt", "sturges", "rice", "scott", "fd", "doane", "auto"]}
        cases.append(case)
    pairs = []
    for i, (kind, n, mix) in enumerate([("normal", 3, 1), ("normal", 10, 0.5), ("halves", 12, 1), ("few", 30, 0), ("normal", 33, 0), ("normal", 34, 0), ("normal", 200, 0.2), ("halves", 500, 0.3), ("normal", 12, 50), ("normal", 2, 1)]):
        a, b = {"kind": kind, "n": n, "index": 100 + 2 * i}, {"kind": kind, "n": n, "index": 101 + 2 * i}
        x, e = np.array(sample(a), float), np.array(sample(b), float)
        y = mix * x + e
        pairs.append({"a": a, "b": b, "mix": mix, "pearson": tested(st.pearsonr(x, y)), "spearman": tested(st.spearmanr(x, y)) if n > 2 else [1, 1], "kendall": attempt(lambda: tested(st.kendalltau(x, y)))})
    write("describing", {"qs": qs, "cases": cases, "pairs": pairs})


# ---------------------------------------------------------------- counts

def barnard_supremum(t, side):
    """From the definition on 4,001 shares: scipy's search sometimes stops at a lower peak."""
    first, second = t[0][0] + t[1][0], t[0][1] + t[1][1]
    n = first + second

    def z(i, j):
        p = (i + j) / n
        return 0 if i * second == j * first else (i / first - j / second) / math.sqrt(p * (1 - p) * (1 / first + 1 / second))

    seen = z(t[0][0], t[0][1])
    out = {"two-sided": lambda x: abs(x) - abs(seen), "less": lambda x: seen - x, "greater": lambda x: x - seen}[side]
    share = np.linspace(0, 1, 4001)
    total = np.zeros_like(share)
    for i in range(first + 1):
        for j in range(second + 1):
            if out(z(i, j)) >= -1e-12:
                total += math.comb(first, i) * math.comb(second, j) * share ** (i + j) * (1 - share) ** (n - i - j)
    return total.max()


def tables():
    random = Random(SEED, SYNTHETIC, 500)
    cases = []
    for rows, columns, top in [(2, 2, 9), (2, 2, 40), (2, 2, 400), (2, 3, 15), (3, 4, 30), (5, 2, 8), (4, 4, 1000), (2, 2, 3), (2, 2, 5)] * 3:
        t = [[random.below(top) for _ in range(columns)] for _ in range(rows)]
        if sum(map(sum, t)) == 0:
            continue
        kept = np.array(t)
        kept = kept[kept.sum(1) > 0][:, kept.sum(0) > 0]
        case = {"table": t}
        for name, kw in {"pearson": {"correction": False}, "yates": {"correction": True}, "g": {"correction": False, "lambda_": "log-likelihood"}}.items():
            found = st.chi2_contingency(kept, **kw)
            case[name] = [found.statistic, found.pvalue, found.dof]
        case["cramer"] = st.contingency.association(kept, "cramer") if min(kept.shape) > 1 else 0
        labels = [(i, j) for i in range(rows) for j in range(columns) for _ in range(t[i][j])]
        case["mi"] = mutual_info_score([i for i, _ in labels], [j for _, j in labels])
        if rows == columns == 2:
            case["fisher"] = {side: float(st.fisher_exact(t, alternative=side).pvalue) for side in ("two-sided", "less", "greater")}
            if top <= 40 and min(np.array(t).sum(0)) > 0:
                case["barnard"] = {side: [*tested(st.barnard_exact(t, alternative=side, n=64)), barnard_supremum(t, side)] for side in ("two-sided", "less", "greater")}
        cases.append(case)
    fits = []
    for k in (2, 4, 9):
        o = [random.below(30) + 1 for _ in range(k)]
        e = [random.below(30) + 1 for _ in range(k)]
        e = [x * sum(o) / sum(e) for x in e]
        fits.append({"observed": o, "expected": e, "chi2": tested(st.chisquare(o, e)), "g": tested(st.power_divergence(o, e, lambda_="log-likelihood"))})
    binomials = [[k, n, p, side, float(st.binomtest(k, n, p, side).pvalue)] for k, n, p in [(7, 20, 0.5), (0, 5, 0.3), (5, 5, 0.3), (3, 17, 0.1), (180, 1000, 0.2), (499, 1000, 0.5), (10, 10**6, 2e-5), (1, 1, 0.5), (50, 100, 0.5)] for side in ("two-sided", "less", "greater")]
    write("tables", {"cases": cases, "fits": fits, "binomial": binomials})


# ---------------------------------------------------------------- intervals and corrections

def intervals():
    names = {"wilson": "wilson", "clopper-pearson": "beta", "jeffreys": "jeffreys", "agresti-coull": "agresti_coull", "wald": "normal"}
    shares = [{"k": k, "n": n, "level": level, **{ours: proportion_confint(k, n, 1 - level, theirs) for ours, theirs in names.items()}}
              for k, n in [(0, 1), (1, 1), (0, 12), (12, 12), (1, 30), (7, 20), (29, 30), (500, 1000), (3, 100000), (999999, 1000000)] for level in (0.9, 0.95, 0.99)]
    differences = []
    for k1, n1, k2, n2 in [(15, 40, 8, 45), (0, 10, 5, 12), (10, 10, 12, 12), (3, 7, 4, 9), (560, 700, 480, 800), (1, 1000, 9, 900), (50, 60, 1, 55)]:
        case = {"counts": [k1, n1, k2, n2]}
        for ours, theirs in {"newcombe": "newcomb", "wald": "wald", "agresti-caffo": "agresti-caffo"}.items():
            case[ours] = confint_proportions_2indep(k1, n1, k2, n2, method=theirs, compare="diff")
        if min(k1, k2) > 0:
            case["katz"] = confint_proportions_2indep(k1, n1, k2, n2, method="log", compare="ratio")
            if k1 < n1 and k2 < n2:
                case["ratio score"] = confint_proportions_2indep(k1, n1, k2, n2, method="score", compare="ratio")
        differences.append(case)
    random = Random(SEED, SYNTHETIC, 600)
    names = {"bonferroni": "bonferroni", "sidak": "sidak", "holm": "holm", "holm-sidak": "holm-sidak", "hochberg": "simes-hochberg", "hommel": "hommel", "bh": "fdr_bh", "by": "fdr_by", "two-stage-bh": "fdr_tsbh"}
    lists = [[0.004, 0.011, 0.039, 0.041, 0.3], [0.5], [0.01, 0.01, 0.01], [1, 1, 0], [1e-300, 1e-17, 0.2], [0.04, 0.05, 0.06]]
    lists += [[random.float() ** power for _ in range(n)] for n, power in [(7, 1), (20, 3), (60, 6), (13, 2), (9, 8)]]
    corrections = [{"p": p, **{ours: multipletests(p, 0.05, theirs)[1] for ours, theirs in names.items()},
                    "fisher": tested(st.combine_pvalues(p, "fisher")), "stouffer": tested(st.combine_pvalues(p, "stouffer"))} for p in lists]
    write("intervals", {"shares": shares, "differences": differences, "corrections": corrections})


# ---------------------------------------------------------------- pairs and resampling

def differences():
    cases = []
    for i, (kind, n, shift) in enumerate([("normal", 4, 0.5), ("normal", 10, 0.3), ("normal", 30, 0), ("normal", 50, 0.2), ("normal", 51, 0.2), ("halves", 8, 0), ("halves", 12, 0.5), ("halves", 13, 0), ("halves", 14, 0), ("halves", 200, 0.1), ("few", 9, -1), ("few", 40, -1), ("normal", 5000, 0.01)]):
        spec = {"kind": kind, "n": n, "index": 300 + i, "shift": shift}
        d = np.array(sample(spec), float)
        case = {"sample": spec, "t": {side: attempt(lambda: tested(st.ttest_1samp(d, 0, alternative=side))) for side in ("two-sided", "less", "greater")}}
        for zeros in ("wilcox", "pratt", "zsplit"):
            for side in ("two-sided", "less", "greater"):
                case[f"wilcoxon {zeros} {side}"] = attempt(lambda: tested(st.wilcoxon(d, zero_method=zeros, alternative=side)))
            case[f"wilcoxon {zeros} asymptotic"] = attempt(lambda: tested(st.wilcoxon(d, zero_method=zeros, method="asymptotic")))
        up, down = int((d > 0).sum()), int((d < 0).sum())
        case["sign"] = float(st.binomtest(up, up + down).pvalue)
        cases.append(case)
    boots = []
    for i, (kind, n, B, f) in enumerate([("normal", 12, 500, "mean"), ("halves", 30, 300, "mean"), ("uniform", 20, 400, "ratio"), ("few", 40, 200, "variance")]):
        spec = {"kind": kind, "n": n, "index": 400 + i, "shift": 2}
        x = np.array(sample(spec), float)
        statistic = {"mean": np.mean, "variance": np.var, "ratio": lambda v, axis=-1: np.mean(v * v, axis=axis) / np.mean(v, axis=axis)}[f]
        rows = np.array([[r.below(n) for _ in range(n)] for r in (Random(SEED, 1, b) for b in range(B))])
        replicates = statistic(x[rows], axis=-1)
        case = {"sample": spec, "statistic": f, "replicates": B, "estimate": statistic(x), "first": replicates[:5], "error": np.std(replicates, ddof=1)}

        class Given:
            """Hands scipy the very index rows of S4."""

            def integers(self, *_, size=None, **__):
                return rows

        for method in ("percentile", "basic", "BCa"):
            import scipy.stats._resampling as resampling
            kept = resampling._bootstrap_resample
            resampling._bootstrap_resample = lambda sample, n_resamples=None, rng=None, xp=None: sample[..., rows]
            try:
                found = st.bootstrap((x,), statistic, n_resamples=B, method=method, vectorized=True).confidence_interval
            finally:
                resampling._bootstrap_resample = kept
            case[method] = [found.low, found.high]
        boots.append(case)
    delongs = []
    for i, (kind, n, m) in enumerate([("normal", 10, 12), ("halves", 40, 25), ("few", 30, 30), ("normal", 200, 300)]):
        labels = np.r_[np.ones(n), np.zeros(m)]
        one = np.array(sample({"kind": kind, "n": n + m, "index": 700 + 2 * i})) + 0.5 * labels
        two = np.array(sample({"kind": kind, "n": n + m, "index": 701 + 2 * i})) + one
        # Straight from the definition: kernel ½ for ties, O(nm).
        psi = [(s[:n, None] > s[None, n:]) + 0.5 * (s[:n, None] == s[None, n:]) for s in (one, two)]
        S = np.cov([p.mean(1) for p in psi]) / n + np.cov([p.mean(0) for p in psi]) / m
        auc = [p.mean() for p in psi]
        variance = S[0, 0] + S[1, 1] - 2 * S[0, 1]
        z = (auc[0] - auc[1]) / math.sqrt(variance)
        delongs.append({"kind": kind, "positives": n, "negatives": m, "index": 700 + 2 * i, "auc": auc, "roc_auc_score": [roc_auc_score(labels, s) for s in (one, two)],
                        "errors": [math.sqrt(S[0, 0]), math.sqrt(S[1, 1]), math.sqrt(variance)], "z": z, "p": 2 * st.norm.sf(abs(z))})
    write("pairs", {"cases": cases, "boots": boots, "delongs": delongs})


if __name__ == "__main__":
    HERE.mkdir(parents=True, exist_ok=True)
    for make in (special, randoms, describing, tables, intervals, differences, with_infinities, two_samples):
        make()
        print(make.__name__)
