"""scikit-learn models through skops: saved with the same bytes by every process, loaded by an allow-list of types."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from retrain_trainers.errors import Refused
from retrain_trainers.tabular.parts import Floats

FILE = "model.skops"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

# What skops does not trust by itself because crafted node arrays could read outside their memory; `_check_trees` looks at those.
TRUSTED_TYPES = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


class SklearnModel:
    def __init__(self, estimator: Any, algorithm: str, task: str, classes: int) -> None:
        self._estimator = estimator
        self._algorithm = algorithm
        self._task = task
        self._classes = classes

    def predict(self, features: Floats) -> Floats:
        if self._task == "regression":
            return np.asarray(self._estimator.predict(features), dtype=np.float64)
        known = np.asarray(self._estimator.predict_proba(features), dtype=np.float64)
        if known.shape[1] == self._classes:
            return known
        # A class that no training row had (a fold without a rare class) has probability 0.
        whole = np.zeros((len(known), self._classes))
        whole[:, self._estimator.classes_.astype(np.int64)] = known
        return whole

    def importances(self) -> Floats:
        if self._algorithm == "random_forest":
            return np.asarray(self._estimator.feature_importances_, dtype=np.float64)
        if self._algorithm == "gradient_boosting":
            return self._gains()
        coefficients = np.abs(np.atleast_2d(self._estimator.coef_))
        return np.asarray(coefficients.mean(axis=0), dtype=np.float64)

    def save(self, folder: Path) -> str:
        import skops.io

        (folder / FILE).write_bytes(normalised(skops.io.dumps(self._estimator)))
        return FILE

    def _gains(self) -> Floats:
        gains = np.zeros(self._estimator.n_features_in_)
        for iteration in self._estimator._predictors:
            for tree in iteration:
                inner = tree.nodes[tree.nodes["is_leaf"] == 0]
                np.add.at(gains, inner["feature_idx"], inner["gain"])
        total = gains.sum()
        return gains / total if total > 0 else gains


def load_sklearn(path: Path, algorithm: str, task: str, classes: int, features: int) -> SklearnModel:
    """Loads a model whose every type is trusted by skops or stands in `TRUSTED_TYPES`; raises `Refused` otherwise."""
    import skops.io

    try:
        strange = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
        if strange:
            raise Refused(f"{path}: holds types that are not trusted: {', '.join(strange)}.", "Only load models that Retrain has written.")
        estimator = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise Refused(f"{path}: not a model of this trainer: {type(error).__name__}: {error}.") from error
    if type(estimator).__name__ not in _CLASSES[algorithm]:
        raise Refused(f"{path}: expected {' or '.join(_CLASSES[algorithm])}, found {type(estimator).__name__}.")
    if getattr(estimator, "n_features_in_", None) != features:
        raise Refused(f"{path}: the model has {getattr(estimator, 'n_features_in_', 'no')} features, its index says {features}.")
    _check_trees(estimator, algorithm, features, path)
    return SklearnModel(estimator, algorithm, task, classes)


_CLASSES = {
    "logistic_regression": ("LogisticRegression",),
    "linear_regression": ("LinearRegression",),
    "random_forest": ("RandomForestClassifier", "RandomForestRegressor"),
    "gradient_boosting": ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
}


def normalised(saved: bytes) -> bytes:
    """The same model with the same bytes in every process.

    skops names objects and array files by their addresses and stamps entries with the time. Objects become 1, 2, 3… in the
    order of the schema; texts and numbers, which Python may or may not share, get a number each.
    """
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    numbers: dict[int, int] = {}
    renamed: dict[str, bytes] = {}
    given = 0

    def visit(node: Any) -> None:
        nonlocal given
        if isinstance(node, list):
            for item in node:
                visit(item)
        if not isinstance(node, dict):
            return
        if isinstance(node.get("__id__"), int) and "__loader__" in node:
            address = node["__id__"]
            if node["__loader__"] == "JsonNode" or address not in numbers:
                given += 1
                numbers[address] = given
            node["__id__"] = numbers[address]
            if isinstance(node.get("file"), str) and node["file"] in arrays:
                name = f"{numbers[address]:08d}{Path(node['file']).suffix}"
                renamed[name] = arrays[node["file"]]
                node["file"] = name
        for value in node.values():
            visit(value)

    visit(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in [*sorted(renamed.items()), ("schema.json", json.dumps(schema).encode())]:
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, compresslevel=6)
    return buffer.getvalue()


def _check_trees(estimator: Any, algorithm: str, features: int, path: Path) -> None:
    """Every node leads forward, to a node that exists, over a feature that exists: prediction ends and stays in bounds."""
    if algorithm == "random_forest":
        sound = all(_sound_tree(member.tree_, features) for member in estimator.estimators_)
    elif algorithm == "gradient_boosting":
        sound = all(_sound_predictor(tree, features) for iteration in estimator._predictors for tree in iteration)
    else:
        sound = True
    if not sound:
        raise Refused(f"{path}: a tree of the model points outside itself.", "The file is damaged or was crafted: train again.")


def _sound_tree(tree: Any, features: int) -> bool:
    left, right = tree.children_left, tree.children_right
    leaf = left == -1
    own = np.arange(len(left))
    inner = ~leaf
    return bool(
        len(left) > 0
        and (right[leaf] == -1).all()
        and (left[inner] > own[inner]).all()
        and (right[inner] > own[inner]).all()
        and (left < len(left)).all()
        and (right < len(left)).all()
        and (tree.feature[inner] >= 0).all()
        and (tree.feature[inner] < features).all()
    )


def _sound_predictor(tree: Any, features: int) -> bool:
    nodes = tree.nodes
    inner = nodes["is_leaf"] == 0
    own = np.arange(len(nodes))
    left, right, used = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64), nodes["feature_idx"].astype(np.int64)
    return bool(
        len(nodes) > 0
        and not nodes["is_categorical"].any()
        and (left[inner] > own[inner]).all()
        and (right[inner] > own[inner]).all()
        and (left[inner] < len(nodes)).all()
        and (right[inner] < len(nodes)).all()
        and (used[inner] >= 0).all()
        and (used[inner] < features).all()
    )
