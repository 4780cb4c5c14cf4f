"""A CLIP and a cross-encoder so small that they are made and trained here in seconds, saved as real folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 200, 40),
    "blue": (30, 60, 220),
    "yellow": (230, 220, 40),
    "black": (10, 10, 10),
    "white": (245, 245, 245),
}
_FRAMES = (
    "{}",
    "a {} picture",
    "the picture is {}",
    "there a {} picture",
    "the screen turns {}",
    "something {} appears",
    "so {} and nothing else",
)
_KNOWN = ("a", "the", "is", "picture", "screen")  # the other words of the frames are unknown ones
_SIDE_PX = 32
_SPECIAL = ("<pad>", "<unk>", "<bos>", "<eos>")


def plain_picture(colour: str, width_px: int = 64, height_px: int = 36) -> NDArray[np.uint8]:
    """A picture (H, W, 3) of one colour."""
    return np.full((height_px, width_px, 3), COLOURS[colour], np.uint8)


def make_clip(folder: Path, *, steps: int = 250, seed: int = 0) -> Path:
    """Trains a CLIP of 45 thousand weights on coloured pictures and their names; a sentence-transformers folder.

    Random weights would tell red from blue by luck only, and a test of them could not fail for the right reason.
    """
    import torch
    from transformers import CLIPModel, CLIPProcessor

    torch.manual_seed(seed)
    tokenizer = _tokenizer(_KNOWN)
    pictures = _picture_processor()
    model = CLIPModel(_config(len(tokenizer)))
    _train(model, tokenizer, pictures, steps, np.random.default_rng(seed))
    model.save_pretrained(folder / "transformers")
    CLIPProcessor(image_processor=pictures, tokenizer=tokenizer).save_pretrained(folder / "transformers")
    return _as_sentence_transformers(folder)


def _as_sentence_transformers(folder: Path) -> Path:
    from sentence_transformers import SentenceTransformer

    loaded = SentenceTransformer(str(folder / "transformers"), local_files_only=True, device="cpu")
    loaded.save(str(folder / "clip"), create_model_card=False)
    return folder / "clip"


def _tokenizer(words: tuple[str, ...]) -> Any:
    """One token a word, between the marks that CLIP's text model looks for."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate((*_SPECIAL, *COLOURS, *words))}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = [("<bos>", vocabulary["<bos>"]), ("<eos>", vocabulary["<eos>"])]
    made.post_processor = processors.TemplateProcessing(single="<bos> $A <eos>", special_tokens=marks)
    names = dict(zip(("pad_token", "unk_token", "bos_token", "eos_token"), _SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=16, **names)


def _picture_processor() -> Any:
    """CLIP's own preparation: the shorter side to 32 px, and the middle cut out."""
    from transformers import CLIPImageProcessorPil

    return CLIPImageProcessorPil(
        size={"shortest_edge": _SIDE_PX}, crop_size={"height": _SIDE_PX, "width": _SIDE_PX}
    )


def _config(words: int) -> Any:
    from transformers import CLIPConfig

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    ids = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    return CLIPConfig(
        text_config={**small, **ids, "vocab_size": words, "max_position_embeddings": 16},
        vision_config={**small, "image_size": _SIDE_PX, "patch_size": 16},
        projection_dim=16,
    )


def _train(model: Any, tokenizer: Any, pictures: Any, steps: int, chance: np.random.Generator) -> None:
    """Each picture's vector is drawn to its colour's words, and away from the other colours'."""
    import torch
    from torch.nn.functional import cross_entropy, normalize

    names = list(COLOURS)
    mean_C, std_C = np.array(pictures.image_mean), np.array(pictures.image_std)
    means_NHWC = np.array([COLOURS[name] for name in names], np.float64)[:, None, None, :]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(steps):
        noise_NHWC = chance.normal(0, 12, (len(names), 1, 1, 3)) + chance.normal(
            0, 8, (len(names), _SIDE_PX, _SIDE_PX, 3)
        )
        pixels_NHWC = (np.clip(means_NHWC + noise_NHWC, 0, 255) / 255 - mean_C) / std_C
        pixels_NCHW = torch.tensor(pixels_NHWC.transpose(0, 3, 1, 2), dtype=torch.float32)
        texts = [_FRAMES[(step + i) % len(_FRAMES)].format(name) for i, name in enumerate(names)]
        words = tokenizer(texts, return_tensors="pt", padding=True)
        seen_ND = normalize(model.get_image_features(pixel_values=pixels_NCHW).pooler_output)
        said_ND = normalize(
            model.get_text_features(words["input_ids"], attention_mask=words["attention_mask"]).pooler_output
        )
        loss = cross_entropy(10 * seen_ND @ said_ND.T, torch.arange(len(names)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def make_cross_encoder(folder: Path, *, words: tuple[str, ...], wanted: str, labels: int = 1) -> Path:
    """A BERT of one layer that likes texts holding ``wanted``: its weights are set, not trained.

    Every part of the layer adds nothing, so that the first token's vector reaches the pooler with what the
    attention sums up: the count of ``wanted`` among the words.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    vocabulary = {word: number for number, word in enumerate((*special, *words))}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=64,
        num_labels=labels,
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        _count_word(model, vocabulary[wanted])
    model.save_pretrained(folder)
    return folder


def _count_word(model: Any, word: int) -> None:
    """Sets the weights: feature 0 is ``wanted``, features 2 and 3 keep every vector apart from its mean."""
    import torch

    embeddings = model.bert.embeddings
    for table in (embeddings.position_embeddings, embeddings.token_type_embeddings, embeddings.word_embeddings):
        table.weight.zero_()
    embeddings.word_embeddings.weight[:, 2], embeddings.word_embeddings.weight[:, 3] = 1.0, -1.0
    embeddings.word_embeddings.weight[word] = torch.tensor([3.0, -3.0, 0, 0, 0, 0, 0, 0])
    layer = model.bert.encoder.layer[0]
    for linear in (layer.attention.self.query, layer.attention.self.key, layer.output.dense):
        linear.weight.zero_()
        linear.bias.zero_()
    for linear in (layer.attention.self.value, layer.attention.output.dense, model.bert.pooler.dense):
        linear.weight.copy_(torch.eye(8))
        linear.bias.zero_()
    model.classifier.weight.zero_()
    model.classifier.weight[:, 0] = 4.0
    model.classifier.bias.zero_()
