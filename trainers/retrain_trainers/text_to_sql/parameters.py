"""The parameters as data, named as Hugging Face's training arguments and LoRA's configuration name them. Loads no library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retrain_trainers.algorithm import Algorithm, choice, integer, number, text, texts
from retrain_trainers.contract import Job
from retrain_trainers.errors import Refused

TASK = "text-to-sql"
TEMPLATE = "{input_text}"

T5 = Algorithm(
    name="t5",
    summary="An encoder-decoder of the T5 kind: fine-tuned from a base, with LoRA or whole, or trained whole from nothing.",
    tasks=(TASK,),
    parameters={
        "template": text(None, "What the model reads of a row, its columns in braces; null: the base's, else `{input_text}`."),
        "tuning": choice(
            "auto", ["auto", "lora", "full"], "`lora` trains small matrices beside the base's; auto: lora with a base, else full."
        ),
        "num_train_epochs": integer(3, "Times each row is learned from, with a base.", minimum=1, maximum=10_000),
        "learning_rate": number(5e-5, "Largest step, with a base; falls linearly to 0 after the warm-up.", exclusiveMinimum=0),
        "devices": integer(None, "GPUs used side by side; null: all there are. On a CPU processes; null: one.", minimum=1, maximum=64),
        "per_device_train_batch_size": integer(8, "Rows of a batch on each device.", minimum=1, maximum=4096),
        "gradient_accumulation_steps": integer(1, "Batches of a step on each device.", minimum=1, maximum=4096),
        "warmup_steps": integer(500, "Steps until the largest step is reached; at most a tenth of all.", minimum=0),
        "weight_decay": number(0.01, "Decay of the weights (AdamW).", minimum=0),
        "max_grad_norm": number(1.0, "Longest gradient; longer ones are cut.", exclusiveMinimum=0),
        "lora_r": integer(16, "Rank of LoRA's matrices.", minimum=1, maximum=1024),
        "lora_alpha": number(32, "LoRA's scale is this divided by the rank.", exclusiveMinimum=0),
        "lora_dropout": number(0.1, "Dropout before LoRA's matrices.", minimum=0, maximum=0.99),
        "lora_target_modules": texts(["q", "v"], "Layers of the base that get LoRA's matrices."),
        "save_model": choice(
            "merged",
            ["merged", "adapter"],
            "After LoRA: `merged` into the weights, or the `adapter` apart, beside the base's weights.",
        ),
        "max_source_length": integer(512, "Tokens read of a row; the rest is cut, and counted.", minimum=8, maximum=16_384),
        "max_target_length": integer(256, "Tokens of SQL learned and written; the rest is cut, and counted.", minimum=8, maximum=16_384),
        "num_beams": integer(1, "Beams searched when predicting; 1: the likeliest next token.", minimum=1, maximum=64),
        "per_device_eval_batch_size": integer(8, "Rows predicted at once on each device.", minimum=1, maximum=4096),
        "precision": choice("auto", ["auto", "bf16", "fp32"], "auto: bf16 on a GPU that has it, else fp32. Never fp16: T5 overflows."),
        "early_stopping_patience": integer(0, "Epochs without a smaller loss on held rows until it ends; 0: never early.", minimum=0),
        "early_stopping_share": number(0.05, "Share of the rows held for that.", exclusiveMinimum=0, maximum=0.5),
        "save_steps": integer(1000, "Steps between checkpoints.", minimum=1),
        "scratch_num_train_epochs": integer(30, "As num_train_epochs, without a base.", minimum=1, maximum=10_000),
        "scratch_learning_rate": number(2e-3, "As learning_rate, without a base.", exclusiveMinimum=0),
        "scratch_vocab_size": integer(2000, "Tokens learned from the rows, without a base.", minimum=300, maximum=100_000),
        "scratch_d_model": integer(128, "Width, without a base.", minimum=8, maximum=4096),
        "scratch_d_ff": integer(512, "Inner width of the feed-forward layers, without a base.", minimum=8, maximum=65_536),
        "scratch_num_layers": integer(2, "Layers of encoder and of decoder, without a base.", minimum=1, maximum=64),
        "scratch_num_heads": integer(4, "Attention heads, without a base; they divide the width.", minimum=1, maximum=64),
        "scratch_dropout": number(0.1, "Dropout, without a base.", minimum=0, maximum=0.9),
    },
)


def parameters_of(job: Job) -> dict[str, Any]:
    """The job's parameters, complete. Raises `Refused` for another task, algorithm, or a search."""
    if job.algorithm != T5.name:
        raise Refused(f"job.json: algorithm: expected {T5.name}, found {job.algorithm!r}.")
    if job.task != TASK:
        raise Refused(f"job.json: {T5.name} does not do {job.task}; it does {TASK}.")
    if job.search.method != "none":
        raise Refused("job.json: search.method: one fit of this trainer is all there is; expected none.", "Set train.search.method: none.")
    parameters = T5.complete(job.parameters)
    if parameters["scratch_d_model"] % parameters["scratch_num_heads"]:
        raise Refused(
            f"job.json: parameters.scratch_num_heads: {parameters['scratch_num_heads']} heads do not divide "
            f"a width of {parameters['scratch_d_model']}."
        )
    return parameters


def scratch_aware(parameters: Mapping[str, Any], name: str, scratch: bool) -> Any:
    """A parameter that has one value with a base and another without."""
    return parameters[f"scratch_{name}" if scratch else name]
