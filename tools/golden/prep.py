"""Golden values for test/tables/preparation-golden.test.ts: what scikit-learn makes of the same rows.

Requirements (Python 3.11): numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1
Run: python tools/golden/prep.py   (writes test/tables/golden/preparation.json)
"""

import json
from pathlib import Path

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

OUT = Path(__file__).resolve().parents[2] / "test" / "tables" / "golden" / "preparation.json"
ROWS, SERVED = 400, 60


def column(values, missing, random):
    return [None if random.random() < missing else value for value in values]


def numbers(values):
    return np.array([[np.nan if value is None else value] for value in values], dtype=float)


def texts(values):
    return np.array([[np.nan if value is None else value] for value in values], dtype=object)


def listed(array):
    return [None if np.isnan(value) else float(value) for value in array.ravel()]


def main():
    random = np.random.default_rng(20240101)
    raw = {
        "plain": random.normal(50, 12, ROWS + SERVED).round(3).tolist(),
        "huge": (1e9 + random.normal(0, 1, ROWS + SERVED)).round(4).tolist(),
        "tiny": (1e-8 * random.normal(0, 1, ROWS + SERVED)).tolist(),
        "skewed": random.lognormal(2, 1.3, ROWS + SERVED).round(2).tolist(),
        "counts": random.poisson(1.2, ROWS + SERVED).tolist(),
    }
    columns = {name: column(values, 0.08, random) for name, values in raw.items()}
    cities = random.choice(["Bonn", "Ärzte", "zebra", "Zug", "😀", "a=b", "Two year"], ROWS + SERVED).tolist()
    columns["city"] = column(cities, 0.1, random)
    columns["city"][ROWS + 3] = "never seen"
    train = {name: values[:ROWS] for name, values in columns.items()}
    serve = {name: values[ROWS:] for name, values in columns.items()}

    expected = {}
    for name in raw:
        for strategy in ("median", "mean", "most_frequent"):
            for scaler_name, scaler in (("standard", StandardScaler()), ("minmax", MinMaxScaler())):
                imputer = SimpleImputer(strategy=strategy).fit(numbers(train[name]))
                scaler.fit(imputer.transform(numbers(train[name])))
                expected[f"{name} {strategy} {scaler_name}"] = listed(scaler.transform(imputer.transform(numbers(serve[name]))))
        imputer = SimpleImputer(strategy="median").fit(numbers(train[name]))
        present = numbers(train[name])[~np.isnan(numbers(train[name]))]
        q1, q3 = np.quantile(present, [0.25, 0.75])
        low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
        scaler = StandardScaler().fit(np.clip(imputer.transform(numbers(train[name])), low, high))
        expected[f"{name} capped"] = listed(scaler.transform(np.clip(imputer.transform(numbers(serve[name])), low, high)))
        # missing values stay, the scaler leaves them out
        expected[f"{name} none"] = listed(StandardScaler().fit(numbers(train[name])).transform(numbers(serve[name])))

    imputer = SimpleImputer(strategy="most_frequent", missing_values=np.nan).fit(texts(train["city"]))
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(imputer.transform(texts(train["city"])))
    spread = encoder.transform(imputer.transform(texts(serve["city"])))
    expected["city"] = {
        "categories": [str(category) for category in encoder.categories_[0]],
        "columns": [spread[:, i].tolist() for i in range(spread.shape[1])],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"train": train, "serve": serve, "expected": expected}, ensure_ascii=False) + "\n", encoding="utf-8")


main()
