"""What a fit needs to go on where it was stopped: trainable weights, the optimiser's state, how far it had come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from retrain_trainers.outputs import json_bytes, partial_folder

FOLDER = "checkpoint"


@dataclass
class Course:
    """How far learning has come. `step` counts steps of the optimiser; an epoch's losses are appended when it ends."""

    step: int = 0
    train_loss: list[float] = field(default_factory=list)
    held_loss: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)
    best_epoch: int = 0


@dataclass(frozen=True)
class Learner:
    weights: dict[str, torch.Tensor]
    optimizer: torch.optim.Optimizer
    """The trainable weights of the best epoch; empty without early stopping."""
    best: dict[str, torch.Tensor]


def save_checkpoint(output: Path, job: str, course: Course, learner: Learner) -> None:
    """Replaces the last checkpoint; `job` names what is learned, so that no other job goes on from it."""
    with partial_folder(output / FOLDER) as folder:
        save_file({name: weight.detach().contiguous() for name, weight in learner.weights.items()}, folder / "weights.safetensors")
        save_file(_moments(learner), folder / "optimizer.safetensors")
        if learner.best:
            save_file(learner.best, folder / "best.safetensors")
        (folder / "state.json").write_bytes(json_bytes({"job": job, **asdict(course)}))


def resume(output: Path, job: str, learner: Learner) -> Course:
    """Brings back the checkpoint an earlier start of the same job left; a fresh course when there is none."""
    folder = output / FOLDER
    try:
        state = json.loads((folder / "state.json").read_text())
    except (OSError, ValueError):
        return Course()
    if state.pop("job", None) != job:
        return Course()
    with torch.no_grad():
        for name, weight in load_file(folder / "weights.safetensors").items():
            learner.weights[name].copy_(weight)
    moments = load_file(folder / "optimizer.safetensors")
    for name, weight in learner.weights.items():
        kept: dict[str, Any] = {key: moments[f"{name}/{key}"].to(weight.device) for key in ("exp_avg", "exp_avg_sq")}
        learner.optimizer.state[weight] = {"step": moments[f"{name}/step"], **kept}
    if (folder / "best.safetensors").exists():
        learner.best.update(load_file(folder / "best.safetensors"))
    return Course(**state)


def _moments(learner: Learner) -> dict[str, torch.Tensor]:
    return {
        f"{name}/{key}": torch.as_tensor(learner.optimizer.state[weight][key]).contiguous()
        for name, weight in learner.weights.items()
        for key in ("step", "exp_avg", "exp_avg_sq")
    }
