"""Texts as tokens and back: a base's own tokenizer, or one learned from the rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from retrain_trainers.errors import Refused
from retrain_trainers.outputs import json_bytes

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
FILE = "tokenizer.json"
# What SQL needs and T5's vocabulary lacks, the longer first; with its blank, because T5 joins blanks to the word that follows.
COMPARISONS = (" <=", " <")


@dataclass(frozen=True)
class Vocabulary:
    tokenizer: Tokenizer
    pad: int
    end: int

    def encode(self, text: str, longest: int) -> tuple[list[int], bool]:
        """Tokens with the end sign, at most `longest`, and whether some were cut."""
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [*ids[: longest - 1], self.end], len(ids) > longest - 1

    def decode(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()

    def survives(self, text: str) -> bool:
        return self.decode(self.tokenizer.encode(text, add_special_tokens=False).ids) == text.strip()

    def size(self) -> int:
        return int(self.tokenizer.get_vocab_size(with_added_tokens=True))

    def save(self, folder: Path, longest: int) -> None:
        self.tokenizer.save(str(folder / FILE))
        # So that the folder loads with AutoTokenizer as well.
        signs = {"pad_token": self.pad, "eos_token": self.end, "unk_token": self.tokenizer.token_to_id(UNKNOWN)}
        names = {sign: self.tokenizer.id_to_token(token) for sign, token in signs.items() if token is not None}
        facts = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": longest}
        (folder / "tokenizer_config.json").write_bytes(json_bytes({**facts, **names}))


def learn_vocabulary(texts: Iterable[str], size: int) -> Vocabulary:
    """Byte-level pairs: every text survives."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=[PAD, END, UNKNOWN],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return Vocabulary(tokenizer, tokenizer.token_to_id(PAD), tokenizer.token_to_id(END))


def read_vocabulary(folder: Path, config: Any) -> Vocabulary:
    """The tokenizer of a model folder: its `tokenizer.json`, else what transformers makes of its SentencePiece file."""
    path = folder / FILE
    try:
        if path.exists():
            tokenizer = Tokenizer.from_file(str(path))
        else:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False).backend_tokenizer
    except Exception as error:
        raise Refused(f"{folder}: its tokenizer cannot be read: {str(error)[:500]}.", "Expected tokenizer.json or spiece.model.") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    signs = {"padding": config.pad_token_id, "end": config.eos_token_id}
    for name, token in signs.items():
        if not isinstance(token, int) or tokenizer.id_to_token(token) is None:
            raise Refused(f"{folder}: expected config.json to name one token of {name} that the tokenizer has, found {json.dumps(token)}.")
    return Vocabulary(tokenizer, signs["padding"], signs["end"])


def add_comparisons(vocabulary: Vocabulary, sql: Sequence[str]) -> list[int]:
    """Adds the comparison signs the tokenizer does not know and the SQL holds; gives the new tokens."""
    wanted = []
    for sign in COMPARISONS:
        if any(sign in text for text in sql) and not vocabulary.survives(f"a{sign} b"):
            wanted.append(sign)
        sql = [text.replace(sign, "") for text in sql]
    if not wanted:
        return []
    before = vocabulary.size()
    vocabulary.tokenizer.add_tokens([AddedToken(sign, normalized=False) for sign in wanted])
    return list(range(before, vocabulary.size()))


def lost_in_tokens(vocabulary: Vocabulary, keys: Sequence[str], sql: Sequence[str], shown: int = 10) -> str | None:
    """A warning naming the rows whose SQL does not come back from its tokens as it went in; such rows can never be right."""
    lost = [key for key, text in zip(keys, sql, strict=True) if not vocabulary.survives(text)]
    if not lost:
        return None
    names = ", ".join(json.dumps(key, ensure_ascii=False) for key in lost[:shown])
    more = f" and {len(lost) - shown} more" if len(lost) > shown else ""
    return f"The SQL of {len(lost)} of {len(keys)} rows does not survive the model's tokens and cannot be learned: {names}{more}."
