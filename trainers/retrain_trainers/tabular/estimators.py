"""Fitting one algorithm once. Same data, parameters and seed: same model, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from retrain_trainers.errors import Refused
from retrain_trainers.tabular.parts import Codes, Floats
from retrain_trainers.tabular.recipe import Model, Recipe, Tick

# Growing a forest in pieces costs nothing; boosting in pieces bins the data again each time, so only long fits do.
FOREST_PIECES = 20
BOOSTING_PIECES = 10
BOOSTING_LONG = 200_000_000  # rows × features × rounds


def fit_model(recipe: Recipe, features: Floats, target: Codes | Floats, threads: int, tick: Tick) -> Model:
    weights = None
    if recipe.parameters.get("class_weight") == "balanced":
        if recipe.task != "classification":
            raise Refused("job.json: parameters.class_weight: balanced is for classification only.")
        weights = compute_sample_weight("balanced", target)
    if recipe.algorithm == "xgboost":
        from retrain_trainers.tabular.boosters import fit_booster

        return fit_booster(recipe, features, target, weights, tick)
    from retrain_trainers.tabular.sklearn_models import SklearnModel

    estimator = _ESTIMATORS[recipe.algorithm](recipe)
    if recipe.algorithm == "random_forest":
        _grow(estimator, "n_estimators", FOREST_PIECES, threads, features, target, weights, tick)
    elif recipe.algorithm == "gradient_boosting" and features.size * recipe.parameters["max_iter"] > BOOSTING_LONG:
        _grow(estimator, "max_iter", BOOSTING_PIECES, threads, features, target, weights, tick)
    else:
        estimator.fit(features, target, **({} if weights is None else {"sample_weight": weights}))
    tick(1.0)
    return SklearnModel(estimator, recipe.algorithm, recipe.task, recipe.classes)


def _grow(
    estimator: Any, name: str, pieces: int, threads: int, features: Floats, target: Codes | Floats, weights: Floats | None, tick: Tick
) -> None:
    """Fits in pieces that add up to the same model as one fit, telling how far it is after each."""
    whole = estimator.get_params()[name]
    for end in sorted({max(1, round(whole * (i + 1) / pieces)) for i in range(pieces)}):
        estimator.set_params(warm_start=True, **{name: end})
        if name == "n_estimators":
            estimator.set_params(n_jobs=threads)
        estimator.fit(features, target, sample_weight=weights)
        tick(end / whole)
    estimator.set_params(warm_start=False)
    if name == "n_estimators":
        estimator.set_params(n_jobs=None)


def _logistic_regression(recipe: Recipe) -> Any:
    from sklearn.linear_model import LogisticRegression

    p = recipe.parameters
    return LogisticRegression(C=p["C"], fit_intercept=p["fit_intercept"], max_iter=p["max_iter"], tol=p["tol"])


def _linear_regression(recipe: Recipe) -> Any:
    from sklearn.linear_model import LinearRegression

    p = recipe.parameters
    return LinearRegression(fit_intercept=p["fit_intercept"], positive=p["positive"])


def _random_forest(recipe: Recipe) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    p = recipe.parameters
    auto = "sqrt" if recipe.task == "classification" else "third"
    shares: dict[str, str | float] = {"sqrt": "sqrt", "log2": "log2", "third": 1 / 3, "all": 1.0}
    tried = shares[auto if p["max_features"] == "auto" else p["max_features"]]
    build = RandomForestClassifier if recipe.task == "classification" else RandomForestRegressor
    return build(
        n_estimators=p["n_estimators"],
        max_depth=p["max_depth"],
        min_samples_leaf=p["min_samples_leaf"],
        min_samples_split=p["min_samples_split"],
        max_features=tried,
        bootstrap=p["bootstrap"],
        random_state=random_state(recipe.seed),
    )


def _gradient_boosting(recipe: Recipe) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    p = recipe.parameters
    build = HistGradientBoostingClassifier if recipe.task == "classification" else HistGradientBoostingRegressor
    return build(
        max_iter=p["max_iter"],
        learning_rate=p["learning_rate"],
        max_leaf_nodes=p["max_leaf_nodes"],
        max_depth=p["max_depth"],
        min_samples_leaf=p["min_samples_leaf"],
        l2_regularization=p["l2_regularization"],
        max_features=p["max_features"],
        max_bins=p["max_bins"],
        early_stopping=False,
        random_state=random_state(recipe.seed),
    )


_ESTIMATORS: dict[str, Callable[[Recipe], Any]] = {
    "logistic_regression": _logistic_regression,
    "linear_regression": _linear_regression,
    "random_forest": _random_forest,
    "gradient_boosting": _gradient_boosting,
}


def random_state(seed: int) -> int:
    """The seed as scikit-learn takes it: 32 bits."""
    return int(np.uint32(seed % 2**32))
