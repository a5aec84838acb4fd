"""What is computed on, and how exactly."""

from __future__ import annotations

import torch

from retrain_trainers.errors import Refused


def device_of(asked: str) -> torch.device:
    """Also makes torch repeat itself: one thread, and on a GPU the same sums in the same order."""
    torch.set_num_threads(1)
    if asked == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise Refused("job.json: device: expected a GPU that torch can use, found none.", "Use device: cpu, or a machine with a GPU.")
    torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device("cuda")


def computes_in_bf16(precision: str, device: torch.device) -> bool:
    if precision == "auto":
        return device.type == "cuda" and bool(torch.cuda.is_bf16_supported())
    return precision == "bf16"
