"""What is fitted, and what fitting gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from retrain_trainers.tabular.parts import Floats

Tick = Callable[[float], None]


class Model(Protocol):
    def predict(self, features: Floats) -> Floats:
        """Rows × classes (probabilities that sum to 1), or numbers."""

    def importances(self) -> Floats:
        """One number a feature, at least 0."""

    def save(self, folder: Path) -> str:
        """Writes one file that loads without running code; returns its name."""


@dataclass(frozen=True)
class Recipe:
    """All that decides what is fitted, but for the rows."""

    algorithm: str
    task: str
    classes: int
    parameters: Mapping[str, Any]
    seed: int
    device: str
