"""Sequence-to-sequence models that turn questions into SQL: fine-tuned whole or with LoRA, or trained from nothing."""
