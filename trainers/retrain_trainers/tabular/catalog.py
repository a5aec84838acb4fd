"""The algorithms as data: names, tasks, parameters as JSON Schema, search spaces. Loads no numeric library."""

from __future__ import annotations

from collections.abc import Mapping

from retrain_trainers.algorithm import Algorithm, Schema, flag, integer, number
from retrain_trainers.errors import Refused

CLASSIFICATION = "classification"
REGRESSION = "regression"
BOTH = (CLASSIFICATION, REGRESSION)


def algorithm_of(name: str, task: str) -> Algorithm:
    if name not in ALGORITHMS:
        raise Refused(f"job.json: algorithm: expected one of {', '.join(ALGORITHMS)}, found {name!r}.")
    algorithm = ALGORITHMS[name]
    if task not in algorithm.tasks:
        fitting = ", ".join(a.name for a in ALGORITHMS.values() if task in a.tasks) or "none"
        raise Refused(f"job.json: {name} does not do {task}; it does {', '.join(algorithm.tasks)}.", f"For {task} there are: {fitting}.")
    return algorithm


_BALANCE: Schema = {
    "enum": ["none", "balanced"],
    "default": "none",
    "description": "`balanced` weighs rows so that every class counts the same. Classification only.",
}
_INTERCEPT = flag(True, "Fit a constant term.")

_LIST = (
    Algorithm(
        name="logistic_regression",
        summary="Logistic regression with an L2 penalty (lbfgs); several classes by softmax.",
        tasks=(CLASSIFICATION,),
        parameters={
            "C": number(1.0, "Inverse of the penalty's strength; smaller is stronger.", exclusiveMinimum=0),
            "class_weight": _BALANCE,
            "fit_intercept": _INTERCEPT,
            "max_iter": integer(1000, "Most iterations of the solver.", minimum=1),
            "tol": number(1e-4, "Gradient at which the solver stops.", exclusiveMinimum=0),
        },
        space={"C": {"log_uniform": [1e-3, 1e2]}, "class_weight": {"choice": ["none", "balanced"]}},
        importance="coefficient",
    ),
    Algorithm(
        name="linear_regression",
        summary="Ordinary least squares.",
        tasks=(REGRESSION,),
        parameters={"fit_intercept": _INTERCEPT, "positive": flag(False, "Force coefficients to be at least 0.")},
        space={"fit_intercept": {"choice": [True, False]}, "positive": {"choice": [False, True]}},
        importance="coefficient",
    ),
    Algorithm(
        name="random_forest",
        summary="Random forest: trees on bootstrap samples, averaged.",
        tasks=BOTH,
        parameters={
            "n_estimators": integer(200, "Number of trees.", minimum=1, maximum=10_000),
            "max_depth": integer(None, "Deepest level of a tree; null: until leaves are pure or small.", minimum=1),
            "min_samples_leaf": integer(3, "Fewest rows in a leaf.", minimum=1),
            "min_samples_split": integer(2, "Fewest rows of a node that may be split.", minimum=2),
            "max_features": {
                "enum": ["auto", "sqrt", "log2", "third", "all"],
                "default": "auto",
                "description": "Features tried at each split; auto: sqrt for classification, a third for regression.",
            },
            "bootstrap": flag(True, "Draw each tree's rows with replacement; otherwise every tree sees all rows."),
            "class_weight": _BALANCE,
        },
        space={
            "n_estimators": {"integer": [100, 500]},
            "max_depth": {"choice": [None, 4, 8, 12, 16]},
            "min_samples_leaf": {"integer": [1, 20]},
            "max_features": {"choice": ["sqrt", "log2", "third"]},
        },
        importance="impurity",
    ),
    Algorithm(
        name="gradient_boosting",
        summary="Gradient boosting over binned features (scikit-learn's HistGradientBoosting).",
        tasks=BOTH,
        parameters={
            "max_iter": integer(100, "Number of rounds.", minimum=1, maximum=10_000),
            "learning_rate": number(0.1, "Share of each round that is kept.", exclusiveMinimum=0),
            "max_leaf_nodes": integer(31, "Most leaves of a tree.", minimum=2),
            "max_depth": integer(None, "Deepest level of a tree; null: bounded by its leaves alone.", minimum=1),
            "min_samples_leaf": integer(20, "Fewest rows in a leaf.", minimum=1),
            "l2_regularization": number(0.0, "Penalty on the values of leaves.", minimum=0),
            "max_features": number(1.0, "Share of the features tried at each split.", exclusiveMinimum=0, maximum=1),
            "max_bins": integer(255, "Bins a feature is cut into.", minimum=2, maximum=255),
            "class_weight": _BALANCE,
        },
        space={
            "max_iter": {"integer": [50, 300]},
            "learning_rate": {"log_uniform": [0.01, 0.3]},
            "max_leaf_nodes": {"log_integer": [7, 63]},
            "min_samples_leaf": {"log_integer": [5, 100]},
            "l2_regularization": {"choice": [0.0, 0.1, 1.0, 10.0]},
        },
        importance="gain",
    ),
    Algorithm(
        name="xgboost",
        summary="XGBoost with histogram trees; the only one here that uses a GPU when asked.",
        tasks=BOTH,
        parameters={
            "n_estimators": integer(200, "Number of rounds.", minimum=1, maximum=10_000),
            "learning_rate": number(0.1, "Share of each round that is kept.", exclusiveMinimum=0, maximum=1),
            "max_depth": integer(6, "Deepest level of a tree.", minimum=1, maximum=64),
            "min_child_weight": number(1.0, "Least weight (second derivatives) in a leaf.", minimum=0),
            "subsample": number(1.0, "Share of the rows each tree sees.", exclusiveMinimum=0, maximum=1),
            "colsample_bytree": number(1.0, "Share of the features each tree sees.", exclusiveMinimum=0, maximum=1),
            "gamma": number(0.0, "Least gain of a split.", minimum=0),
            "reg_lambda": number(1.0, "L2 penalty on the values of leaves.", minimum=0),
            "reg_alpha": number(0.0, "L1 penalty on the values of leaves.", minimum=0),
            "max_bin": integer(256, "Bins a feature is cut into.", minimum=2, maximum=65_536),
            "class_weight": _BALANCE,
        },
        space={
            "n_estimators": {"integer": [100, 500]},
            "learning_rate": {"log_uniform": [0.01, 0.3]},
            "max_depth": {"integer": [3, 9]},
            "min_child_weight": {"log_uniform": [0.5, 20]},
            "subsample": {"uniform": [0.6, 1.0]},
            "colsample_bytree": {"uniform": [0.5, 1.0]},
            "reg_lambda": {"log_uniform": [0.1, 10]},
        },
        importance="gain",
    ),
)

ALGORITHMS: Mapping[str, Algorithm] = {algorithm.name: algorithm for algorithm in _LIST}
