"""The trainer against plain scikit-learn and XGBoost on the same rows, and against itself."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit, cross_val_score

from retrain_trainers.contract import Search, Target
from retrain_trainers.errors import Refused
from retrain_trainers.tabular import estimators
from retrain_trainers.tabular.catalog import ALGORITHMS
from retrain_trainers.tabular.fit import fit
from retrain_trainers.tabular.predict import predict
from retrain_trainers.tabular.scoring import score_of
from retrain_trainers.tabular.search import trials_of
from tests.small_jobs import FEATURES, Case

SMALL: dict[str, dict[str, Any]] = {
    "random_forest": {"n_estimators": 20},
    "gradient_boosting": {"max_iter": 20},
    "xgboost": {"n_estimators": 20},
}
PLAIN: dict[tuple[str, bool], Callable[[], Any]] = {
    ("logistic_regression", True): lambda: LogisticRegression(max_iter=1000),
    ("linear_regression", False): lambda: LinearRegression(),
    ("random_forest", True): lambda: RandomForestClassifier(20, min_samples_leaf=3, random_state=11),
    ("random_forest", False): lambda: RandomForestRegressor(20, min_samples_leaf=3, max_features=1 / 3, random_state=11),
    ("gradient_boosting", True): lambda: HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=11),
    ("gradient_boosting", False): lambda: HistGradientBoostingRegressor(max_iter=20, early_stopping=False, random_state=11),
    ("xgboost", True): lambda: xgboost.XGBClassifier(n_estimators=20, learning_rate=0.1, max_depth=6, n_jobs=1, seed=11),
    ("xgboost", False): lambda: xgboost.XGBRegressor(n_estimators=20, learning_rate=0.1, max_depth=6, n_jobs=1, seed=11),
}


class AgainstThePlainLibraries(Case):
    def predicted(self, algorithm: str, classes: int, **changes: Any) -> Any:
        fit(self.job("fit", algorithm, classes, **{"parameters": SMALL.get(algorithm, {}), **changes}))
        predict(self.job("predict", algorithm, classes))
        header, rows = self.predictions()
        self.assertEqual(["id", "predicted", *(f"p:class {code}" for code in range(classes))], header)
        return np.array([row[2:] if classes else row[1:] for row in rows], dtype=float)

    def test_the_same_predictions(self) -> None:
        for (algorithm, classifies), plain in PLAIN.items():
            for classes in (2, 3) if classifies else (0,):
                with self.subTest(algorithm=algorithm, classes=classes):
                    x, y = self.table(classes=classes)
                    ours = self.predicted(algorithm, classes)
                    model = plain().fit(x, y)
                    theirs = model.predict_proba(x) if classes else model.predict(x).reshape(-1, 1)
                    np.testing.assert_allclose(ours, theirs, atol=1e-6 if algorithm == "xgboost" else 1e-12)

    def test_the_same_cross_validation(self) -> None:
        x, y = self.table()
        folds = StratifiedKFold(3, shuffle=True, random_state=11)
        for algorithm in ("logistic_regression", "random_forest", "gradient_boosting"):
            with self.subTest(algorithm=algorithm):
                fit(self.job("fit", algorithm, parameters=SMALL.get(algorithm, {})))
                plain = cross_val_score(PLAIN[algorithm, True](), x, y, cv=folds, scoring="roc_auc")
                np.testing.assert_allclose(self.report()["cv"]["folds"], plain, atol=1e-12)

    def test_the_same_cross_validation_in_time_and_for_regression(self) -> None:
        x, y = self.table(classes=0)
        for cv, splitter in (("time-series", TimeSeriesSplit(3)), ("stratified", KFold(3, shuffle=True, random_state=11))):
            with self.subTest(cv=cv):
                fit(self.job("fit", "linear_regression", 0, search={"method": "none", "folds": 3, "cv": cv}))
                plain = -cross_val_score(LinearRegression(), x, y, cv=splitter, scoring="neg_root_mean_squared_error")
                found = self.report()["cv"]
                np.testing.assert_allclose(found["folds"], plain, atol=1e-12)
                self.assertAlmostEqual(found["std"], float(np.std(plain, ddof=1)))

    def test_balanced_classes(self) -> None:
        x, y = self.table()
        ours = self.predicted("logistic_regression", 2, parameters={"class_weight": "balanced"})
        plain = LogisticRegression(max_iter=1000, class_weight="balanced").fit(x, y)
        np.testing.assert_allclose(ours, plain.predict_proba(x), atol=1e-6)

    def test_boosting_in_pieces_is_the_same(self) -> None:
        x, y = self.table()
        kept = estimators.BOOSTING_LONG
        self.addCleanup(setattr, estimators, "BOOSTING_LONG", kept)
        estimators.BOOSTING_LONG = 0
        ours = self.predicted("gradient_boosting", 2)
        np.testing.assert_array_equal(ours, PLAIN["gradient_boosting", True]().fit(x, y).predict_proba(x))

    def test_importances_find_what_matters(self) -> None:
        self.table(rows=400)
        for algorithm in ("logistic_regression", "random_forest", "gradient_boosting", "xgboost"):
            with self.subTest(algorithm=algorithm):
                fit(self.job("fit", algorithm, parameters=SMALL.get(algorithm, {}), search={"method": "none", "folds": 0}))
                found = self.report()["importances"]
                self.assertEqual("a", found[0]["feature"])
                self.assertEqual(set(FEATURES), {item["feature"] for item in found})
                if algorithm != "logistic_regression":
                    self.assertAlmostEqual(1, sum(item["importance"] for item in found))


class SameJobSameBytes(Case):
    def digests(self, **changes: Any) -> dict[str, str]:
        found = {}
        for algorithm in ("logistic_regression", "random_forest", "gradient_boosting", "xgboost"):
            content = self.content(algorithm, parameters=SMALL.get(algorithm, {}), **changes)
            (self.folder / "job.json").write_text(json.dumps(content))
            subprocess.run(
                [sys.executable, "-m", "retrain_trainers.tabular", "fit", str(self.folder / "job.json")],
                cwd=Path(__file__).parent.parent,
                check=True,
                stdin=self.open_input(),
                env={**os.environ, "PYTHONHASHSEED": "random"},
            )
            predict(self.job("predict", algorithm, **changes))
            output = self.folder / "output"
            for path in sorted([*(output / "model").iterdir(), output / "predictions.csv"]):
                found[f"{algorithm} {path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
            report = self.report()
            report.pop("seconds")
            found[f"{algorithm} fit.json"] = json.dumps(report)
        return found

    def open_input(self) -> int:
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        self.addCleanup(os.close, read)
        return read

    def test_in_two_processes_and_with_another_number_of_threads(self) -> None:
        self.table()
        search = {"method": "random", "trials": 2, "folds": 3, "space": {"class_weight": {"choice": ["none", "balanced"]}}}
        first = self.digests(threads=1, search=search)
        self.assertEqual(first, self.digests(threads=3, search=search))

    def test_another_seed_is_another_model(self) -> None:
        self.table()
        found = set()
        for seed in (1, 2):
            fit(self.job("fit", "random_forest", seed=seed, parameters=SMALL["random_forest"]))
            found.add((self.folder / "output/model/model.skops").read_bytes())
        self.assertEqual(2, len(found))


class Searching(Case):
    def test_the_given_parameters_come_first_and_stay_fixed(self) -> None:
        search = Search("random", trials=20)
        trials = trials_of(ALGORITHMS["gradient_boosting"], {"learning_rate": 0.2}, search, 5)
        self.assertEqual(20, len(trials))
        self.assertEqual(ALGORITHMS["gradient_boosting"].complete({"learning_rate": 0.2}), trials[0])
        self.assertEqual({0.2}, {trial["learning_rate"] for trial in trials})
        self.assertGreater(len({trial["max_leaf_nodes"] for trial in trials}), 5)
        self.assertEqual(trials, trials_of(ALGORITHMS["gradient_boosting"], {"learning_rate": 0.2}, search, 5))
        self.assertNotEqual(trials, trials_of(ALGORITHMS["gradient_boosting"], {"learning_rate": 0.2}, search, 6))

    def test_every_drawn_value_is_valid(self) -> None:
        for algorithm in ALGORITHMS.values():
            for trial in trials_of(algorithm, {}, Search("random", trials=50), 3):
                algorithm.complete(trial)

    def test_a_small_space_is_tried_once(self) -> None:
        self.assertEqual(4, len(trials_of(ALGORITHMS["linear_regression"], {}, Search("random", trials=20), 1)))

    def test_the_best_trial_is_taken_and_of_equals_the_first(self) -> None:
        self.table()
        space = {"C": {"choice": [1e-9, 1.0]}}
        search = {"method": "random", "trials": 2, "folds": 3, "metric": "log_loss", "space": space}
        fit(self.job("fit", "logistic_regression", search=search))
        report = self.report()
        self.assertEqual(1.0, report["parameters"]["C"])
        self.assertEqual([1.0, 1e-9], [trial["parameters"]["C"] for trial in report["trials"]])
        self.assertLess(report["trials"][0]["mean"], report["trials"][1]["mean"])

    def test_a_validation_part_instead_of_folds(self) -> None:
        self.table()
        parts = {"train": {"path": "train.csv"}, "validation": {"path": "train.csv"}}
        search = {"method": "none", "cv": "validation", "metric": "accuracy"}
        fit(self.job("fit", "logistic_regression", parts=parts, search=search))
        found = self.report()["cv"]
        self.assertEqual(("validation", 1), (found["method"], len(found["folds"])))
        self.assertNotIn("std", found)

    def test_wrong_spaces_and_parameters(self) -> None:
        algorithm = ALGORITHMS["logistic_regression"]
        for space in ({"C": {"log_uniform": [0, 1]}}, {"C": {"grid": [1]}}, {"C": {"uniform": [2, 1]}}, {"C": {"choice": []}}):
            with self.subTest(space=space), self.refused("search.space.C"):
                trials_of(algorithm, {}, Search("random", space=space), 1)
        with self.refused("search.space.depth", "no such parameter"):
            trials_of(algorithm, {}, Search("random", space={"depth": {"choice": [1]}}), 1)
        for given, word in (({"C": 0}, "exclusiveMinimum"), ({"C": "1"}, "number"), ({"max_iter": 1.5}, "integer"), ({"c": 1}, "no such")):
            with self.subTest(given=given), self.refused(word):
                algorithm.complete(given)


class Scoring(Case):
    def test_every_score_of_every_task_by_a_perfect_and_a_wrong_model(self) -> None:
        random = np.random.default_rng(3)
        for classes, task in ((2, "classification"), (3, "classification"), (0, "regression")):
            target = Target("y", tuple(str(code) for code in range(classes)))
            with self.assertRaises(Refused) as caught:
                score_of("none", task, target)
            names = caught.exception.error.split("expected one of ")[1].split(" for ")[0].split(", ")
            self.assertGreater(len(names), 15)
            y = random.integers(0, classes, 60) if classes else random.uniform(1, 2, 60)
            perfect = np.eye(classes)[y] if classes else y
            wrong = np.roll(0.9 * perfect + 0.1 / classes, 1, axis=1) if classes else np.full(60, 3.0)
            for name in names:
                with self.subTest(name=name, classes=classes):
                    score = score_of(name, task, target)
                    best, worst = score.of(y, perfect), score.of(y, wrong)
                    self.assertGreater(best, worst) if score.more_is_better else self.assertLess(best, worst)
                    self.assertAlmostEqual(1 if score.more_is_better else 0, best)

    def test_a_score_that_divides_by_nothing_is_refused(self) -> None:
        self.table(classes=0)
        path = self.folder / "train.csv"
        header, *lines = path.read_text().splitlines()
        path.write_text("\n".join([header, *(f"{line.rpartition(',')[0]},0" for line in lines)]) + "\n")
        with self.refused("wape of fold 1 is not a number", "another search.metric"):
            fit(self.job("fit", "linear_regression", 0, search={"metric": "wape"}))

    def test_the_positive_class_is_the_one_named(self) -> None:
        y, p = np.array([0, 0, 0, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
        for positive, precision, specificity in (("no", 1.0, 1.0), ("yes", 0.5, 2 / 3)):
            target = Target("y", ("no", "yes"), positive)
            self.assertAlmostEqual(precision, score_of("precision", "classification", target).of(y, p))
            self.assertAlmostEqual(specificity, score_of("specificity", "classification", target).of(y, p))
            self.assertAlmostEqual(1.0, score_of("auc_roc", "classification", target).of(y, p))


class Refusals(Case):
    def test_jobs_the_trainer_cannot_do(self) -> None:
        self.table()
        for algorithm, changes, words in (
            ("perceptron", {}, ("expected one of", "perceptron")),
            ("linear_regression", {}, ("does not do classification",)),
            ("xgboost", {"base": "old"}, ("base",)),
            ("xgboost", {"features": []}, ("features",)),
            ("xgboost", {"target": {"column": "y", "classes": ["class 0"]}}, ("at least two",)),
            ("xgboost", {"search": {"metric": "rms"}}, ("search.metric", "auc_roc")),
            ("xgboost", {"search": {"folds": 500}}, ("too few",)),
        ):
            with self.subTest(algorithm=algorithm, changes=changes), self.refused(*words):
                fit(self.job("fit", algorithm, **changes))
        self.assertFalse((self.folder / "output" / "fit.json").exists())

    def test_one_class_only(self) -> None:
        self.table()
        text = (self.folder / "train.csv").read_text().replace("class 1", "class 0")
        (self.folder / "train.csv").write_text(text)
        with self.refused("one class only", "class 0"):
            fit(self.job("fit", "logistic_regression"))

    def test_a_class_too_rare_for_the_folds(self) -> None:
        x, _ = self.table()
        lines = (self.folder / "train.csv").read_text().splitlines()
        lines[1:] = [line.replace("class 1", "class 0") for line in lines[1:]]
        lines[1] = lines[1].replace("class 0", "class 1")
        (self.folder / "train.csv").write_text("\n".join(lines) + "\n")
        with self.refused("one class only", "fewer folds"):
            fit(self.job("fit", "logistic_regression"))
        self.assertEqual(240, len(x))

    def test_other_features_than_the_models(self) -> None:
        self.table()
        fit(self.job("fit", "logistic_regression"))
        with self.refused("missing: d"):
            predict(self.job("predict", "logistic_regression", features=["a", "b", "c"]))
        with self.refused("another order"):
            predict(self.job("predict", "logistic_regression", features=["b", "a", "c", "d"]))


class HostileModels(Case):
    def fitted(self, algorithm: str, edit: Callable[[bytes], bytes]) -> None:
        """Fits, edits the model file and lets its index agree."""
        self.table()
        fit(self.job("fit", algorithm, parameters=SMALL.get(algorithm, {}), search={"method": "none", "folds": 0}))
        index_path = self.folder / "output/model/index.json"
        index = json.loads(index_path.read_text())
        path = self.folder / "output/model" / index["file"]
        path.write_bytes(edit(path.read_bytes()))
        index["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        index_path.write_text(json.dumps(index))

    def predicting(self, algorithm: str) -> None:
        predict(self.job("predict", algorithm))

    def test_a_changed_byte(self) -> None:
        self.table()
        fit(self.job("fit", "xgboost"))
        path = self.folder / "output/model/model.ubj"
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(content)
        with self.refused("SHA-256", "changed"):
            self.predicting("xgboost")

    def test_a_type_that_is_not_trusted(self) -> None:
        def edit(content: bytes) -> bytes:
            return rewritten(
                content,
                "schema.json",
                lambda text: text.replace(b'"LogisticRegression"', b'"system"').replace(b"sklearn.linear_model._logistic", b"os"),
            )

        self.fitted("logistic_regression", edit)
        with self.refused("not trusted", "os.system"):
            self.predicting("logistic_regression")

    def test_a_file_that_is_no_model(self) -> None:
        for algorithm in ("logistic_regression", "xgboost"):
            with self.subTest(algorithm=algorithm):
                self.fitted(algorithm, lambda _: b"not a model")
                with self.refused("not a"):
                    self.predicting(algorithm)

    def test_another_estimator_than_its_index_says(self) -> None:
        self.fitted("logistic_regression", lambda content: content)
        path = self.folder / "output/model/index.json"
        path.write_text(path.read_text().replace('"logistic_regression"', '"random_forest"'))
        with self.refused("RandomForestClassifier", "LogisticRegression"):
            self.predicting("random_forest")

    def test_trees_that_point_outside_themselves(self) -> None:
        import io

        def crafted(field: str, value: int) -> Callable[[bytes], bytes]:
            def edit(content: bytes) -> bytes:
                def change(array: bytes) -> bytes:
                    nodes = np.load(io.BytesIO(array), allow_pickle=False)
                    if nodes.dtype.names is None or field not in nodes.dtype.names:
                        return array
                    nodes[field][0] = value
                    changed = io.BytesIO()
                    np.save(changed, nodes)
                    return changed.getvalue()

                return rewritten(content, ".npy", change)

            return edit

        for algorithm, field, value in (
            ("random_forest", "left_child", 10_000_000),
            ("random_forest", "right_child", 0),
            ("random_forest", "feature", 5000),
            ("gradient_boosting", "left", 10_000_000),
            ("gradient_boosting", "feature_idx", 5000),
        ):
            with self.subTest(algorithm=algorithm, field=field):
                self.fitted(algorithm, crafted(field, value))
                with self.refused("points outside itself"):
                    self.predicting(algorithm)


def rewritten(content: bytes, suffix: str, change: Callable[[bytes], bytes]) -> bytes:
    """A skops archive with `change` done to the entries whose names end so."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            entry = old.read(name)
            new.writestr(name, change(entry) if name.endswith(suffix) else entry)
    return buffer.getvalue()
