"""What is computed on, and how exactly."""

from __future__ import annotations

import torch

from retrain_trainers.errors import Refused

# From here on (Ampere) a GPU computes in bf16 itself; before, torch imitates it, more slowly than fp32.
BF16_CAPABILITY = (8, 0)


def device_count(asked: str, devices: int | None, exactly: bool = True) -> int:
    """How many devices to use: those asked for, else every GPU, or one process on a CPU. Raises `Refused` where they are not there.

    `exactly` False: where there are fewer GPUs, these.
    """
    if asked == "cpu":
        return devices or 1
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if found == 0:
        raise Refused("job.json: device: expected a GPU that torch can use, found none.", "Use device: cpu, or a machine with a GPU.")
    if exactly and (devices or 1) > found:
        raise Refused(
            f"job.json: parameters.devices: expected {devices} GPUs, found {found}.", "Leave devices out to use all that are there."
        )
    return min(devices or found, found)


def device_of(asked: str, number: int = 0) -> torch.device:
    """Also makes torch repeat itself: one thread, and on a GPU the same sums in the same order."""
    torch.set_num_threads(1)
    if asked == "cpu":
        return torch.device("cpu")
    torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device("cuda", number)


def computes_in_bf16(precision: str, device: torch.device) -> bool:
    if precision == "auto":
        return device.type == "cuda" and bool(torch.cuda.get_device_capability(device) >= BF16_CAPABILITY)
    return precision == "bf16"
