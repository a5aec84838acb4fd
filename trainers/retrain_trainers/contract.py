"""The job as data: `job.json` read into dataclasses, every field checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from retrain_trainers import CONTRACT
from retrain_trainers.errors import Refused

Verb = Literal["fit", "predict"]
VERBS: tuple[Verb, ...] = ("fit", "predict")
SEED_MAX = 2**53 - 1


@dataclass(frozen=True)
class Part:
    """One file of rows."""

    path: Path
    format: str
    sha256: str | None
    rows: int | None


@dataclass(frozen=True)
class Target:
    column: str
    classes: tuple[str, ...] = ()
    positive: str | None = None


@dataclass(frozen=True)
class Search:
    """How parameters are chosen; `none` only cross-validates those given, and `folds` 0 not even that."""

    method: Literal["none", "random"] = "none"
    trials: int = 20
    folds: int = 5
    metric: str | None = None
    cv: Literal["stratified", "time-series", "validation"] = "stratified"
    space: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    verb: Verb
    folder: Path
    task: str
    algorithm: str
    parameters: Mapping[str, Any]
    search: Search
    seed: int
    key: str
    target: Target | None
    features: tuple[str, ...]
    parts: Mapping[str, Part]
    model: Path | None
    base: Path | None
    output: Path
    device: str
    threads: int

    def part(self, name: str) -> Part:
        if name not in self.parts:
            raise Refused(f"job.json: parts.{name} is missing; found {_names(self.parts)}.")
        return self.parts[name]


def read_job(path: Path, verb: Verb) -> Job:
    """Reads and checks `job.json`; paths in it are relative to the folder it lies in. Raises `Refused`."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise Refused(f"{path}: no such job file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: cannot be read: {error}.") from None
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise Refused(f"{path}: not JSON: {error}.") from None
    if not isinstance(content, dict):
        raise Refused(f"{path}: expected a JSON object, found {_kind(content)}.")
    return _Reader(content, path.resolve().parent).job(verb)


class _Reader:
    """Takes checked values out of one JSON object; `where` is its dotted path."""

    def __init__(self, content: dict[str, Any], folder: Path, where: str = "") -> None:
        self.content = content
        self.folder = folder
        self.where = where

    def job(self, verb: Verb) -> Job:
        if self.content.get("contract") != CONTRACT:
            raise Refused(
                f"job.json: contract: expected {CONTRACT}, found {json.dumps(self.content.get('contract'))}.",
                "Use a trainer that speaks this version of the contract.",
            )
        if self.content.get("verb", verb) != verb:
            raise Refused(f"job.json: verb: the trainer was called with {verb}, the job says {json.dumps(self.content['verb'])}.")
        features = self.names("features")
        return Job(
            verb=verb,
            folder=self.folder,
            task=self.text("task"),
            algorithm=self.text("algorithm"),
            parameters=self.inner("parameters", {}).content,
            search=self.search(),
            seed=self.whole("seed", 0, SEED_MAX, 0),
            key=self.text("key"),
            target=self.target(verb),
            features=features,
            parts=self.parts(),
            model=self.path("model") if verb == "predict" else None,
            base=self.path("base") if self.content.get("base") is not None else None,
            output=self.path("output"),
            device=self.one_of("device", ("cpu", "gpu"), "cpu"),
            threads=self.whole("threads", 1, 4096, 1),
        )

    def search(self) -> Search:
        if self.content.get("search") is None:
            return Search()
        inner = self.inner("search")
        default = Search()
        metric = inner.text("metric") if inner.content.get("metric") is not None else None
        space = inner.inner("space", {})
        for name in space.content:
            space.inner(name)
        method = inner.one_of("method", ("none", "random"), default.method)
        cv = inner.one_of("cv", ("stratified", "time-series", "validation"), default.cv)
        folds = inner.whole("folds", 0, 1000, default.folds)
        if folds == 1 or (folds == 0 and method == "random" and cv != "validation"):
            raise Refused(f"job.json: search.folds: expected at least 2{'' if method == 'random' else ' (or 0 for none)'}, found {folds}.")
        return Search(method, inner.whole("trials", 1, 100_000, default.trials), folds, metric, cv, space.content)

    def target(self, verb: Verb) -> Target | None:
        if self.content.get("target") is None and verb == "predict":
            return None
        inner = self.inner("target")
        classes = inner.names("classes", ())
        positive = inner.text("positive") if inner.content.get("positive") is not None else None
        if positive is not None and positive not in classes:
            raise Refused(f"job.json: target.positive: {positive!r} is none of the classes {_names(classes)}.")
        return Target(inner.text("column"), classes, positive)

    def parts(self) -> dict[str, Part]:
        inner = self.inner("parts")
        parts = {}
        for name in inner.content:
            part = inner.inner(name)
            rows = part.whole("rows", 0, SEED_MAX) if part.content.get("rows") is not None else None
            digest = part.text("sha256") if part.content.get("sha256") is not None else None
            parts[name] = Part(part.path("path"), part.text("format", "csv"), digest, rows)
        return parts

    def inner(self, name: str, default: dict[str, Any] | None = None) -> _Reader:
        found = self.content.get(name, default)
        if not isinstance(found, dict):
            raise self.wrong(name, "an object", found)
        return _Reader(found, self.folder, f"{self.where}{name}.")

    def text(self, name: str, default: str | None = None) -> str:
        found = self.content.get(name, default)
        if not isinstance(found, str) or found == "":
            raise self.wrong(name, "a text", found)
        return found

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> Any:
        found = self.content.get(name, default)
        if found not in allowed:
            raise self.wrong(name, f"one of {_names(allowed)}", found)
        return found

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        found = self.content.get(name, default)
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            raise self.wrong(name, f"a whole number from {low} to {high}", found)
        return found

    def names(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        found = self.content.get(name, default)
        if not isinstance(found, (list, tuple)) or not all(isinstance(item, str) for item in found):
            raise self.wrong(name, "a list of texts", found)
        if len(set(found)) != len(found):
            raise self.wrong(name, "a list without repetition", found)
        return tuple(found)

    def path(self, name: str) -> Path:
        return self.folder / self.text(name)

    def wrong(self, name: str, expected: str, found: object) -> Refused:
        shown = "nothing" if found is None else json.dumps(found)[:200]
        return Refused(f"job.json: {self.where}{name}: expected {expected}, found {shown}.")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _names(names: object) -> str:
    return ", ".join(str(name) for name in names) or "nothing" if isinstance(names, (dict, tuple, list)) else str(names)


def _kind(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    return {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
