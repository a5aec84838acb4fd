"""Models: from a base folder, from nothing, with LoRA beside, on the way to a folder and back. Only safetensors are read or written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoConfig, AutoModelForSeq2SeqLM, GenerationConfig, T5Config, T5ForConditionalGeneration
from transformers.utils.logging import disable_progress_bar

from retrain_trainers import CONTRACT
from retrain_trainers.errors import Refused
from retrain_trainers.text_to_sql.vocabulary import Vocabulary

INDEX, ADAPTER, BASE = "index.json", "adapter", "base"
TRAINER = "text-to-sql"

disable_progress_bar()


@dataclass(frozen=True)
class Base:
    """A folder to start from: one of ours, which says what its model reads of a row, or any seq2seq model of transformers."""

    folder: Path
    index: Mapping[str, Any] | None

    @property
    def template(self) -> str | None:
        return self.index["template"] if self.index else None


def read_base(folder: Path) -> Base:
    """Looks at a base folder. Raises `Refused` for one that holds another trainer's model or no safetensors."""
    index = read_index(folder) if (folder / INDEX).exists() else None
    if index is None and not any(folder.glob("*.safetensors")):
        found = ", ".join(sorted(path.name for path in folder.glob("*"))[:12]) or "nothing"
        raise Refused(
            f"{folder.name}: expected a model with *.safetensors, found {found}.",
            "Weights in other formats can run code when they are loaded; convert them to safetensors once, where you trust them.",
        )
    return Base(folder, index)


def read_index(folder: Path) -> dict[str, Any]:
    """`index.json` of a model folder, with the digest of every file of the model checked."""
    path = folder / INDEX
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: not the index of a text-to-sql model: {error}.") from None
    if not isinstance(index, dict) or index.get("contract") != CONTRACT or index.get("trainer") != TRAINER:
        raise Refused(f"{path}: expected a model of the text-to-sql trainer, contract {CONTRACT}.")
    for name, kind in (("template", str), ("parameters", dict), ("saved", str), ("files", dict)):
        if not isinstance(index.get(name), kind):
            raise Refused(f"{path}: {name} is missing or of the wrong type.")
    for name, digest in index["files"].items():
        file = folder / name
        if ".." in Path(name).parts or not file.is_file():
            raise Refused(f"{file}: the index names it, but it is not there.")
        found = digest_of(file)
        if found != digest:
            raise Refused(f"{file}: expected the SHA-256 {digest}, found {found}: the model was changed.")
    return index


def files_of(folder: Path) -> dict[str, str]:
    """Digest of every file below a folder but its index."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name: digest_of(folder / name) for name in names if name != INDEX}


def digest_of(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def weights_folder(folder: Path, saved: str | None) -> Path:
    """Where config, weights and tokenizer of a model folder lie."""
    return folder / BASE if saved == ADAPTER else folder


def config_of(folder: Path) -> Any:
    try:
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise Refused(f"{folder}: config.json cannot be used: {str(error)[:500]}.") from None
    if not getattr(config, "is_encoder_decoder", False):
        raise Refused(f"{folder}: expected an encoder-decoder such as T5, found {config.model_type}.")
    return config


def load_model(folder: Path, saved: str | None = None) -> Any:
    """The model of a folder in single precision, an adapter merged into it."""
    weights = weights_folder(folder, saved)
    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(str(weights), local_files_only=True, trust_remote_code=False, use_safetensors=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise Refused(f"{weights}: the model cannot be loaded: {str(error)[:800]}.") from None
    # transformers 5 calls every T5 tied, and would tie the heads of those that are not (1.1, Flan, mT5) when it makes room for tokens.
    if len({id(part.weight) for part in embeddings_of(model)}) > 1:
        model.config.tie_word_embeddings = False
    if saved == ADAPTER:
        model = PeftModel.from_pretrained(model, str(folder / ADAPTER)).merge_and_unload()
    return model.float()


def new_model(parameters: Mapping[str, Any], vocabulary: Vocabulary) -> Any:
    """A small T5 whose weights come from the seed of the generator."""
    width, heads = parameters["scratch_d_model"], parameters["scratch_num_heads"]
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=vocabulary.size(),
            d_model=width,
            d_kv=width // heads,
            d_ff=parameters["scratch_d_ff"],
            num_layers=parameters["scratch_num_layers"],
            num_decoder_layers=parameters["scratch_num_layers"],
            num_heads=heads,
            dropout_rate=parameters["scratch_dropout"],
            feed_forward_proj="gated-gelu",
            pad_token_id=vocabulary.pad,
            eos_token_id=vocabulary.end,
            decoder_start_token_id=vocabulary.pad,
        )
    )


def must_have_positions(config: Any, parameters: Mapping[str, Any], where: str) -> None:
    """Raises `Refused` for lengths beyond the positions a base has learned. T5 counts distances and has no such bound."""
    positions = getattr(config, "max_position_embeddings", None)
    for name in ("max_source_length", "max_target_length"):
        if positions is not None and parameters[name] > positions:
            raise Refused(
                f"parameters.{name}: {parameters[name]} tokens are more than {where} has positions for; expected at most {positions}."
            )


def make_room(model: Any, vocabulary: Vocabulary) -> None:
    """More rows of embeddings where the vocabulary outgrew them; T5 comes with some to spare."""
    if vocabulary.size() > model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(vocabulary.size(), mean_resizing=False)


def with_lora(model: Any, parameters: Mapping[str, Any], new_tokens: list[int]) -> PeftModel:
    """LoRA beside the model's layers; of the rest only the embeddings of new tokens learn."""
    targets = parameters["lora_target_modules"]
    try:
        wrapped = get_peft_model(
            model,
            LoraConfig(
                r=parameters["lora_r"],
                lora_alpha=parameters["lora_alpha"],
                lora_dropout=parameters["lora_dropout"],
                bias="none",
                target_modules=targets,
                task_type=TaskType.SEQ_2_SEQ_LM,
            ),
        )
    except ValueError:
        layers = sorted({name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)})
        raise Refused(
            f"parameters.lora_target_modules: {', '.join(targets)} are not all layers of this base; it has {', '.join(layers)}.",
            "Name those of attention, e.g. q_proj and v_proj.",
        ) from None
    if new_tokens:
        for weight in {id(part.weight): part.weight for part in embeddings_of(model)}.values():
            learn_rows_only(weight, new_tokens)
    return wrapped


def embeddings_of(model: Any) -> list[Any]:
    parts = [model.get_input_embeddings(), model.get_output_embeddings()]
    return [part for part in parts if part is not None]


def learn_rows_only(weight: Any, rows: list[int]) -> None:
    mask = torch.zeros(weight.shape[0], 1)
    mask[rows] = 1
    weight.requires_grad_(True)
    weight.register_hook(lambda gradient: gradient * mask.to(gradient.device, gradient.dtype))


def trainable_count(model: Any) -> int:
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def settings_of(model: Any, vocabulary: Vocabulary, parameters: Mapping[str, Any]) -> GenerationConfig:
    """How SQL is written. Nothing is drawn by chance, and nothing of a base's own settings is used."""
    start = model.config.decoder_start_token_id
    return GenerationConfig(
        max_new_tokens=parameters["max_target_length"],
        num_beams=parameters["num_beams"],
        do_sample=False,
        pad_token_id=vocabulary.pad,
        eos_token_id=vocabulary.end,
        decoder_start_token_id=vocabulary.pad if start is None else start,
    )


def save_model(model: Any, vocabulary: Vocabulary, folder: Path, parameters: Mapping[str, Any]) -> str:
    """Writes weights, configuration, tokenizer and settings; `adapter` keeps LoRA's matrices apart. Gives how it was saved."""
    if isinstance(model, PeftModel) and parameters["save_model"] == ADAPTER:
        model.save_pretrained(str(folder / ADAPTER), safe_serialization=True)
        (folder / ADAPTER / "README.md").unlink(missing_ok=True)
        model, saved = model.unload(), ADAPTER
    else:
        model, saved = (model.merge_and_unload() if isinstance(model, PeftModel) else model), "merged"
    weights = weights_folder(folder, saved)
    weights.mkdir(parents=True, exist_ok=True)
    model.generation_config = settings_of(model, vocabulary, parameters)
    model.save_pretrained(str(weights), safe_serialization=True)
    vocabulary.save(weights, parameters["max_source_length"])
    return saved
