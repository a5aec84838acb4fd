"""Bases that people bring: other tokenizers, precisions, settings and architectures than ours."""

import io
import json
from pathlib import Path
from unittest import mock

import sentencepiece
import torch
from safetensors.torch import load_file, save_file
from sql_jobs import SMALL, SqlCase
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)

from retrain_trainers.text_to_sql.batches import IGNORED, Example, padded
from retrain_trainers.text_to_sql.device import computes_in_bf16
from retrain_trainers.text_to_sql.models import config_of, load_model
from retrain_trainers.text_to_sql.parameters import T5
from retrain_trainers.text_to_sql.predict import Writer
from retrain_trainers.text_to_sql.vocabulary import read_vocabulary

WORDS = ["SELECT name FROM t WHERE a = 0123456789 >= which names have of ? ( ) * , . "] * 20


def sentencepiece_base(folder: Path, spare: int = 12) -> None:
    """As T5's first releases were: SentencePiece's own file beside the weights, 100 tokens that no file names, spare embeddings."""
    folder.mkdir()
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(WORDS), model_writer=model, vocab_size=48, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2
    )
    (folder / "spiece.model").write_bytes(model.getvalue())
    torch.manual_seed(1)
    small = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": 0}
    T5ForConditionalGeneration(T5Config(vocab_size=48 + 100 + spare, **small)).save_pretrained(str(folder))


def with_a_head_of_its_own(base: Path) -> None:
    """As T5 1.1, Flan-T5 and mT5 are."""
    weights = load_file(base / "model.safetensors")
    save_file({**weights, "lm_head.weight": weights["shared.weight"].flip(0).contiguous()}, base / "model.safetensors", {"format": "pt"})
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": False}))


def bart_base(folder: Path) -> None:
    """Byte-level tokens, padding that is not 0, an end sign that also starts the decoder, positions that are counted."""
    folder.mkdir()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(
        WORDS,
        trainers.BpeTrainer(
            vocab_size=300, special_tokens=special, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
        ),
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    layers = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 32))
    }
    config = BartConfig(vocab_size=tokenizer.get_vocab_size(), d_model=16, max_position_embeddings=64, **layers)
    BartForConditionalGeneration(config).save_pretrained(str(folder))


class Tokens(SqlCase):
    def test_a_base_that_has_only_sentencepiece(self) -> None:
        self.pairs(sql="SELECT name FROM t WHERE a < {i}")
        sentencepiece_base(self.folder / "base")
        report = self.fitted(base="base")
        self.assertEqual([1, []], [report["learning"]["new_tokens"], report["warnings"]])
        folder = self.folder / "output" / "model"
        vocabulary = read_vocabulary(folder, config_of(folder))
        self.assertEqual(149, vocabulary.size(), "behind the tokens that no file names")
        self.assertEqual([148], [token for token in vocabulary.encode("SELECT a < 3", 99)[0] if token >= 48])
        theirs = AutoTokenizer.from_pretrained(folder)
        text = "SELECT name FROM t WHERE a < 3"
        self.assertEqual(vocabulary.encode(text, 99)[0][:-1], theirs.encode(text, add_special_tokens=False))
        self.assertEqual(text, vocabulary.decode(vocabulary.encode(text, 99)[0]))
        self.assertEqual(40, len(self.predicted()))

    def test_new_tokens_are_kept_with_an_adapter_and_with_a_head_of_its_own(self) -> None:
        self.pairs(sql="SELECT name FROM t WHERE a <= {i}")
        for spare in (0, 12):
            base = self.folder / f"base-{spare}"
            sentencepiece_base(base, spare)
            with_a_head_of_its_own(base)
            before = load_file(base / "model.safetensors")
            for how, folder in (("merged", "merged/model"), ("adapter", "apart/model/base")):
                report = self.fitted({"save_model": how}, output=folder.split("/")[0], base=base.name)
                self.assertEqual(1, report["learning"]["new_tokens"])
                self.assertFalse(json.loads((self.folder / folder / "config.json").read_text())["tie_word_embeddings"])
                after = load_file(self.folder / folder / "model.safetensors")
                for name in ("shared.weight", "lm_head.weight"):
                    moved = (after[name][: 148 + spare] != before[name]).any(dim=1).nonzero().flatten().tolist()
                    self.assertEqual([148] if spare else [], moved, f"{how}: of {name} only the new token's row")
                    self.assertTrue(after[name][148].any())
            self.assertEqual(self.predicted("merged/model"), self.predicted("apart/model"))
            self.fitted(output="next", base="apart/model")

    def test_a_label_that_pads_counts_for_nothing(self) -> None:
        self.pairs()
        sentencepiece_base(self.folder / "base")
        model = AutoModelForSeq2SeqLM.from_pretrained(self.folder / "base").eval()
        rows = [Example([5, 6, 1], [7, 8, 9, 10, 1]), Example([5, 1], [9, 1])]
        together = padded(rows, torch.device("cpu"), 0)
        self.assertEqual([9, 1, IGNORED, IGNORED, IGNORED], together["labels"][1].tolist())
        self.assertEqual([[1, 1, 1], [1, 1, 0]], together["attention_mask"].tolist())
        with torch.no_grad():
            one, other = (model(**padded([row], torch.device("cpu"), 0)).loss for row in rows)
            torch.testing.assert_close(model(**together).loss, (5 * one + 2 * other) / 7)


class Settings(SqlCase):
    def test_nothing_of_how_a_base_writes_is_used(self) -> None:
        self.pairs()
        sentencepiece_base(self.folder / "base")
        learns = {"tuning": "full", "num_train_epochs": 20}
        self.fitted(learns, output="plain", base="base")
        habits = {"max_length": 5, "num_beams": 3, "no_repeat_ngram_size": 1, "repetition_penalty": 5.0, "suppress_tokens": [7, 8, 9]}
        (self.folder / "base" / "generation_config.json").write_text(json.dumps({**habits, "decoder_start_token_id": 0}))
        self.fitted(learns, output="with-habits", base="base")
        rows = self.predicted("plain/model")
        self.assertEqual(rows, self.predicted("with-habits/model"))
        self.assertEqual(rows, self.predicted("with-habits/model", {"num_beams": 1}))
        # 48 tokens are the most here, 20 what transformers writes when nobody says.
        self.assertGreater(max(len(row[1]) for row in rows), 20)
        kept = json.loads((self.folder / "with-habits" / "model" / "generation_config.json").read_text())
        self.assertEqual([48, 1], [kept["max_new_tokens"], kept.get("num_beams", 1)])
        self.assertFalse({"max_length", "no_repeat_ngram_size", "repetition_penalty", "suppress_tokens"} & set(kept))

    def test_a_prediction_s_settings_replace_those_the_model_was_saved_with(self) -> None:
        self.pairs()
        self.fitted({"num_beams": 3})
        folder = self.folder / "output" / "model"
        model, vocabulary = load_model(folder), read_vocabulary(folder, config_of(folder))
        self.assertEqual(3, model.generation_config.num_beams)
        Writer(model, vocabulary, T5.complete({"num_beams": 1, "max_target_length": 99}), torch.device("cpu"))
        self.assertEqual([1, 99], [model.generation_config.num_beams, model.generation_config.max_new_tokens])

    def test_the_template_is_the_model_s_own(self) -> None:
        (self.folder / "train.csv").write_text("id,question,schema,sql\n" + "".join(f"q{i},how many?,t{i},SELECT {i}\n" for i in range(9)))
        self.fitted({"template": "Q: {question} S: {schema}"})
        (self.folder / "predict.csv").write_text("id,input_text,question\nq0,how many?,how many?\n")
        with self.refused("predict.csv", "the template reads {schema}"):
            self.predicted(parameters={"template": "{input_text}"})
        (self.folder / "predict.csv").write_text("id,schema,question\nq0,t,how many?\n")
        self.assertEqual(1, len(self.predicted()))


class Precision(SqlCase):
    def test_bf16_learns_and_predicts_and_the_model_stays_single_precision(self) -> None:
        self.pairs()
        losses = {}
        for precision in ("fp32", "bf16"):
            report = self.fitted({"precision": precision, "scratch_dropout": 0.0}, output=precision)
            losses[precision] = [entry["metrics"]["train_loss"] for entry in report["history"]]
            weights = load_file(self.folder / precision / "model" / "model.safetensors")
            self.assertEqual({torch.float32}, {weight.dtype for weight in weights.values()})
        self.assertLess(losses["bf16"][1], losses["bf16"][0])
        self.assertNotEqual(losses["fp32"], losses["bf16"])
        self.assertAlmostEqual(losses["fp32"][1], losses["bf16"][1], delta=0.05)
        self.assertEqual(40, len(self.predicted("bf16/model")))
        self.assertEqual(40, len(self.predicted("bf16/model", {"precision": "fp32"})))

    def test_it_is_chosen_where_the_gpu_has_it_and_fp16_never(self) -> None:
        gpu, cpu = torch.device("cuda", 1), torch.device("cpu")
        for capability, wanted in (((7, 5), False), ((8, 0), True), ((8, 9), True)):
            with mock.patch("torch.cuda.get_device_capability", lambda _, capability=capability: capability):
                self.assertEqual(wanted, computes_in_bf16("auto", gpu))
        self.assertEqual([False, True, False], [computes_in_bf16(asked, cpu) for asked in ("auto", "bf16", "fp32")])
        self.pairs()
        with self.refused("parameters.precision", '"bf16", "fp32"', 'found "fp16"'):
            self.fitted({"precision": "fp16"})

    def test_a_base_in_half_precision_is_learned_from_in_single(self) -> None:
        self.pairs()
        for dtype in (torch.float16, torch.bfloat16):
            base = self.folder / f"base-{dtype}"
            sentencepiece_base(base)
            AutoModelForSeq2SeqLM.from_pretrained(base).to(dtype).save_pretrained(base)
            self.assertEqual(dtype, load_file(base / "model.safetensors")["shared.weight"].dtype)
            for tuning in ("lora", "full"):
                self.fitted({"tuning": tuning}, base=base.name)
                self.assertEqual({torch.float32}, {w.dtype for w in load_file(self.folder / "output/model/model.safetensors").values()})
                loaded = AutoModelForSeq2SeqLM.from_pretrained(self.folder / "output" / "model")
                self.assertEqual(torch.float32, loaded.dtype)


class Architectures(SqlCase):
    def test_mt5(self) -> None:
        self.pairs()
        base = self.folder / "base"
        sentencepiece_base(base)
        with_a_head_of_its_own(base)
        config = json.loads((base / "config.json").read_text())
        (base / "config.json").write_text(json.dumps({**config, "model_type": "mt5", "architectures": ["MT5ForConditionalGeneration"]}))
        report = self.fitted(base="base")
        self.assertEqual([[], "lora"], [report["warnings"], report["parameters"]["tuning"]])
        self.assertEqual("mt5", json.loads((self.folder / "output" / "model" / "config.json").read_text())["model_type"])
        self.assertEqual(40, len(self.predicted()))

    def test_bart(self) -> None:
        self.pairs(sql="SELECT name FROM t WHERE a < {i}")
        bart_base(self.folder / "base")
        short = {**SMALL, "max_source_length": 60}
        with self.refused("lora_target_modules", "q, v", "k_proj", "q_proj"):
            self.fitted(short, base="base")
        with self.refused("max_source_length", "512", "64"):
            self.fitted({"tuning": "full"}, base="base")
        for output, parameters in (("lora", {"lora_target_modules": ["q_proj", "v_proj"]}), ("full", {"tuning": "full"})):
            report = self.fitted({**short, **parameters}, output=output, base="base")
            losses = [entry["metrics"]["train_loss"] for entry in report["history"]]
            self.assertEqual([[], 0], [report["warnings"], report["learning"]["new_tokens"]])
            self.assertLess(losses[1], losses[0])
            self.assertEqual(40, len(self.predicted(f"{output}/model")))
        theirs = AutoTokenizer.from_pretrained(self.folder / "full" / "model")
        self.assertEqual(["<pad>", "</s>", 300], [theirs.pad_token, theirs.eos_token, len(theirs)])

    def test_what_is_no_encoder_decoder_is_refused(self) -> None:
        self.pairs()
        bart_base(self.folder / "base")
        (self.folder / "base" / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
        with self.refused("an encoder-decoder such as T5", "gpt2"):
            self.fitted(base="base")
