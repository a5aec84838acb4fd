"""Trainers that come with Retrain: one package per model family, all behind the contract of docs/trainer-contract.md."""

__version__ = "1.0.0"
CONTRACT = 1
