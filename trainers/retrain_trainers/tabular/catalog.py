"""The algorithms as data: names, tasks, parameters as JSON Schema, search spaces. Loads no numeric library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retrain_trainers.errors import Refused

Schema = dict[str, Any]
CLASSIFICATION = "classification"
REGRESSION = "regression"
BOTH = (CLASSIFICATION, REGRESSION)


@dataclass(frozen=True)
class Algorithm:
    name: str
    summary: str
    tasks: tuple[str, ...]
    parameters: Mapping[str, Schema]
    space: Mapping[str, Schema]
    importance: str

    def schema(self) -> Schema:
        return {"type": "object", "description": self.summary, "additionalProperties": False, "properties": dict(self.parameters)}

    def complete(self, given: Mapping[str, Any], where: str = "parameters") -> dict[str, Any]:
        """The given parameters with the defaults of those left out; raises `Refused` for one that does not fit its schema."""
        for name, value in given.items():
            if name not in self.parameters:
                raise Refused(f"{where}.{name}: {self.name} has no such parameter; it has {', '.join(self.parameters) or 'none'}.")
            _check(value, self.parameters[name], f"{where}.{name}")
        return {name: given.get(name, schema["default"]) for name, schema in self.parameters.items()}


def algorithm_of(name: str, task: str) -> Algorithm:
    if name not in ALGORITHMS:
        raise Refused(f"job.json: algorithm: expected one of {', '.join(ALGORITHMS)}, found {name!r}.")
    algorithm = ALGORITHMS[name]
    if task not in algorithm.tasks:
        fitting = ", ".join(a.name for a in ALGORITHMS.values() if task in a.tasks) or "none"
        raise Refused(f"job.json: {name} does not do {task}; it does {', '.join(algorithm.tasks)}.", f"For {task} there are: {fitting}.")
    return algorithm


def _check(value: Any, schema: Schema, where: str) -> None:
    if "enum" in schema:
        if value not in schema["enum"]:
            raise Refused(f"job.json: {where}: expected one of {json.dumps(schema['enum'])}, found {json.dumps(value)}.")
        return
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None and "null" in types:
        return
    if types[0] == "boolean":
        if not isinstance(value, bool):
            raise Refused(f"job.json: {where}: expected true or false, found {json.dumps(value)}.")
        return
    number = isinstance(value, int) or (isinstance(value, float) and types[0] == "number")
    if isinstance(value, bool) or not number:
        raise Refused(f"job.json: {where}: expected {' or '.join(types)}, found {json.dumps(value)}.")
    broken = [
        bound
        for bound, holds in (
            ("minimum", value >= schema.get("minimum", value)),
            ("exclusiveMinimum", "exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"]),
            ("maximum", value <= schema.get("maximum", value)),
        )
        if not holds
    ]
    if broken:
        raise Refused(f"job.json: {where}: expected a value with {broken[0]} {schema[broken[0]]}, found {json.dumps(value)}.")


def _integer(default: int | None, description: str, *, minimum: int, maximum: int | None = None) -> Schema:
    schema: Schema = {"type": ["integer", "null"] if default is None else "integer", "minimum": minimum}
    if maximum is not None:
        schema["maximum"] = maximum
    return {**schema, "default": default, "description": description}


def _number(default: float, description: str, **bounds: float) -> Schema:
    return {"type": "number", **bounds, "default": default, "description": description}


def _flag(default: bool, description: str) -> Schema:
    return {"type": "boolean", "default": default, "description": description}


_BALANCE: Schema = {
    "enum": ["none", "balanced"],
    "default": "none",
    "description": "`balanced` weighs rows so that every class counts the same. Classification only.",
}
_INTERCEPT = _flag(True, "Fit a constant term.")

_LIST = (
    Algorithm(
        name="logistic_regression",
        summary="Logistic regression with an L2 penalty (lbfgs); several classes by softmax.",
        tasks=(CLASSIFICATION,),
        parameters={
            "C": _number(1.0, "Inverse of the penalty's strength; smaller is stronger.", exclusiveMinimum=0),
            "class_weight": _BALANCE,
            "fit_intercept": _INTERCEPT,
            "max_iter": _integer(1000, "Most iterations of the solver.", minimum=1),
            "tol": _number(1e-4, "Gradient at which the solver stops.", exclusiveMinimum=0),
        },
        space={"C": {"log_uniform": [1e-3, 1e2]}, "class_weight": {"choice": ["none", "balanced"]}},
        importance="coefficient",
    ),
    Algorithm(
        name="linear_regression",
        summary="Ordinary least squares.",
        tasks=(REGRESSION,),
        parameters={"fit_intercept": _INTERCEPT, "positive": _flag(False, "Force coefficients to be at least 0.")},
        space={"fit_intercept": {"choice": [True, False]}, "positive": {"choice": [False, True]}},
        importance="coefficient",
    ),
    Algorithm(
        name="random_forest",
        summary="Random forest: trees on bootstrap samples, averaged.",
        tasks=BOTH,
        parameters={
            "n_estimators": _integer(200, "Number of trees.", minimum=1, maximum=10_000),
            "max_depth": _integer(None, "Deepest level of a tree; null: until leaves are pure or small.", minimum=1),
            "min_samples_leaf": _integer(3, "Fewest rows in a leaf.", minimum=1),
            "min_samples_split": _integer(2, "Fewest rows of a node that may be split.", minimum=2),
            "max_features": {
                "enum": ["auto", "sqrt", "log2", "third", "all"],
                "default": "auto",
                "description": "Features tried at each split; auto: sqrt for classification, a third for regression.",
            },
            "bootstrap": _flag(True, "Draw each tree's rows with replacement; otherwise every tree sees all rows."),
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
            "max_iter": _integer(100, "Number of rounds.", minimum=1, maximum=10_000),
            "learning_rate": _number(0.1, "Share of each round that is kept.", exclusiveMinimum=0),
            "max_leaf_nodes": _integer(31, "Most leaves of a tree.", minimum=2),
            "max_depth": _integer(None, "Deepest level of a tree; null: bounded by its leaves alone.", minimum=1),
            "min_samples_leaf": _integer(20, "Fewest rows in a leaf.", minimum=1),
            "l2_regularization": _number(0.0, "Penalty on the values of leaves.", minimum=0),
            "max_features": _number(1.0, "Share of the features tried at each split.", exclusiveMinimum=0, maximum=1),
            "max_bins": _integer(255, "Bins a feature is cut into.", minimum=2, maximum=255),
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
            "n_estimators": _integer(200, "Number of rounds.", minimum=1, maximum=10_000),
            "learning_rate": _number(0.1, "Share of each round that is kept.", exclusiveMinimum=0, maximum=1),
            "max_depth": _integer(6, "Deepest level of a tree.", minimum=1, maximum=64),
            "min_child_weight": _number(1.0, "Least weight (second derivatives) in a leaf.", minimum=0),
            "subsample": _number(1.0, "Share of the rows each tree sees.", exclusiveMinimum=0, maximum=1),
            "colsample_bytree": _number(1.0, "Share of the features each tree sees.", exclusiveMinimum=0, maximum=1),
            "gamma": _number(0.0, "Least gain of a split.", minimum=0),
            "reg_lambda": _number(1.0, "L2 penalty on the values of leaves.", minimum=0),
            "reg_alpha": _number(0.0, "L1 penalty on the values of leaves.", minimum=0),
            "max_bin": _integer(256, "Bins a feature is cut into.", minimum=2, maximum=65_536),
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
