"""XGBoost through its own interface; saved as UBJ, which holds data only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from retrain_trainers.errors import Refused
from retrain_trainers.tabular.parts import Codes, Floats
from retrain_trainers.tabular.recipe import Recipe, Tick

FILE = "model.ubj"


def fit_booster(recipe: Recipe, features: Floats, target: Codes | Floats, weights: Floats | None, tick: Tick) -> BoosterModel:
    xgb = _library()
    p = dict(recipe.parameters)
    rounds = p.pop("n_estimators")
    p.pop("class_weight")
    settings: dict[str, Any] = {
        **p,
        "objective": _objective(recipe),
        "tree_method": "hist",
        "device": "cuda" if recipe.device == "gpu" else "cpu",
        "seed": recipe.seed % 2**31,
        "nthread": 1,
        "verbosity": 0,
    }
    if recipe.classes > 2:
        settings["num_class"] = recipe.classes
    data = xgb.DMatrix(features, label=target, weight=weights, nthread=1)

    class Ticking(xgb.callback.TrainingCallback):  # type: ignore[misc, name-defined]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            tick((epoch + 1) / rounds)
            return False

    try:
        booster = xgb.train(settings, data, num_boost_round=rounds, callbacks=[Ticking()])
    except xgb.core.XGBoostError as error:
        if recipe.device == "gpu":
            first = str(error).strip().splitlines()[-1]
            raise Refused(f"XGBoost cannot use the GPU: {first}", "Use a machine with a GPU and its driver, or `device: cpu`.") from error
        raise
    booster.set_param({"device": "cpu"})
    return BoosterModel(booster, recipe.classes, features.shape[1])


def load_booster(path: Path, classes: int, features: int) -> BoosterModel:
    xgb = _library()
    booster = xgb.Booster(params={"nthread": 1, "device": "cpu"})
    try:
        booster.load_model(path)
    except xgb.core.XGBoostError as error:
        raise Refused(f"{path}: not an XGBoost model: {str(error).strip().splitlines()[-1]}") from error
    if booster.num_features() != features:
        raise Refused(f"{path}: the model has {booster.num_features()} features, its index says {features}.")
    return BoosterModel(booster, classes, features)


class BoosterModel:
    def __init__(self, booster: Any, classes: int, features: int) -> None:
        self._booster = booster
        self._classes = classes
        self._features = features

    def predict(self, features: Floats) -> Floats:
        data = _library().DMatrix(features, nthread=1)
        raw = np.asarray(self._booster.predict(data), dtype=np.float64)
        if self._classes == 0:
            return raw
        if self._classes == 2:
            return np.column_stack([1.0 - raw, raw])
        # float32 probabilities sum to 1 only within its precision.
        return np.asarray(raw / raw.sum(axis=1, keepdims=True))

    def importances(self) -> Floats:
        gains = np.zeros(self._features)
        for name, gain in self._booster.get_score(importance_type="total_gain").items():
            gains[int(name[1:])] = gain
        total = gains.sum()
        return gains / total if total > 0 else gains

    def save(self, folder: Path) -> str:
        self._booster.save_model(folder / FILE)
        return FILE


def _objective(recipe: Recipe) -> str:
    if recipe.task == "regression":
        return "reg:squarederror"
    return "binary:logistic" if recipe.classes == 2 else "multi:softprob"


def _library() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise Refused(f"xgboost cannot be imported: {error}.", "Install it into the trainer's environment.") from error
    except Exception as error:  # its loader raises an error of its own when a system library is missing
        raise Refused(f"xgboost cannot be loaded: {str(error).strip().splitlines()[0]}", "On macOS: brew install libomp.") from error
    return xgboost
