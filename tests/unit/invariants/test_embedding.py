"""The embedded model gives the vectors of model2vec from the same files, with numpy alone."""

from __future__ import annotations

import json
import struct
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model2vec import StaticModel as Model2Vec
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece as ReferenceWordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from flakestorm.invariants import embedding
from flakestorm.invariants.embedding import FOLDER, cosine, embed, embedder, read_table
from flakestorm.invariants.wordpiece import WordPiece
from flakestorm.model.errors import MissingExtra, WorkError

DATA = Path(__file__).parent / "data"
ODD_TEXTS = [
    "",
    " \t\r\n\u00a0\u2003\u3000",
    "[UNK]",
    "naïve café, Ångström; ÀÉÎÕÜ ß ŒUVRE",
    "İstanbul'da ΣΊΣΥΦΟΣ и МОСКВА",
    "東京タワー is 333 m; 서울, ไทย, हिन्दी, العربية, עברית",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ＦＵＬＬ　ＷＩＤＴＨ ﬁne ½ ² № ™",
    "zero\u200bwidth soft\u00adhyphen \ufeffbom \ufffd \x00 \x07 \x7f \x85 \u2028 \u2029 end",
    "emoji 👍🏽 👨‍👩‍👧 🇩🇪 and e\u0301 \u0301\u0302",
    "a" * 99,
    "b" * 100,
    "c" * 101,
    "x\U0010ffff\ue000y",
    "don't--stop...(really)?! $5 <= 6 ~ `code` ^_^ | {json}",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "\u4e00\u9fff\u3400\uf900\U00020000\U0002a6df 〇 々 ー",
    "long text " * 700,
    "supercalifragilistic" * 300,
]


def lines(name: str) -> list[dict[str, str]]:
    """The objects of a JSON Lines file beside the tests."""
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """More than 700 varied texts in six languages, and odd ones in many scripts."""
    pairs = lines("similarity_pairs.jsonl")
    replies = lines("refusals.jsonl")
    return [
        *(pair[side] for pair in pairs for side in "ab"),
        *(reply["text"] for reply in replies),
        *ODD_TEXTS,
    ]


@pytest.fixture(scope="module")
def reference() -> Tokenizer:
    """The Rust tokenizer, put together as BERT's uncased models describe it."""
    words = (FOLDER / "vocabulary.txt").read_text("utf-8").splitlines()
    model = ReferenceWordPiece({word: row for row, word in enumerate(words)}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


@pytest.fixture(scope="module")
def pieces() -> WordPiece:
    """Our tokenizer with the embedded vocabulary."""
    return WordPiece((FOLDER / "vocabulary.txt").read_text("utf-8").splitlines())


def test_token_ids_are_those_of_tokenizers(texts: list[str], reference: Tokenizer, pieces: WordPiece) -> None:
    """Every text is cut into the same word pieces."""
    assert len(texts) > 700
    for text in texts:
        assert pieces.encode(text) == reference.encode(text, add_special_tokens=False).ids, text[:80]


def assigned_long_ago(char: str) -> bool:
    """True for characters that every Unicode table in use agrees about."""
    return unicodedata.ucd_3_2_0.category(char) not in ("Cn", "Cs")


@given(st.text(st.characters(exclude_categories=("Cs", "Cn")).filter(assigned_long_ago), max_size=40))
@settings(max_examples=300, deadline=None)
def test_token_ids_are_those_of_tokenizers_for_any_text(
    reference: Tokenizer, pieces: WordPiece, text: str
) -> None:
    """Any sequence of characters, however odd, is cut in the same way."""
    assert pieces.encode(text) == reference.encode(text, add_special_tokens=False).ids


def test_vectors_are_those_of_model2vec(texts: list[str], reference: Tokenizer) -> None:
    """Cosine with the reference vector is at least .9999, and texts without a known word are zeros."""
    table = load_file(FOLDER / "model.safetensors")["embeddings"]
    model = Model2Vec(table, reference, config={}, normalize=True)
    theirs, ours = model.encode(texts), embed(texts)
    assert ours.shape == (len(texts), 128)
    assert ours.dtype == np.float32
    for text, mine, other in zip(texts, ours, theirs, strict=True):
        if not other.any():
            assert not mine.any(), text
        else:
            assert float(mine @ other) >= 0.9999, text[:80]
            assert abs(float(mine @ mine) - 1) < 1e-5


def test_no_texts_give_no_rows() -> None:
    """An empty list is fine."""
    assert embed([]).shape == (0, 128)


def test_lone_surrogates_are_ignored() -> None:
    """A reply that was not valid Unicode does not break the tokenizer."""
    assert np.array_equal(embed(["good \ud800 day"]), embed(["good  day"]))


def test_cosine_stays_in_its_range() -> None:
    """Rounding never leaves −1 to 1; a text without words is like nothing."""
    same, opposite, nothing = embed(["hello"])[0], -embed(["hello"])[0], embed(["\u200b"])[0]
    assert cosine(same * np.float32(1.0001), same) == 1.0
    assert cosine(same, opposite) == pytest.approx(-1)
    assert cosine(same, nothing) == 0.0


def test_threads_share_one_model() -> None:
    """Many threads that come first at once get the same vectors, and the files are read once."""
    embedding._read_embedded.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda _: embed(["the same text"]), range(32)))
    assert all(np.array_equal(vectors[0], vector) for vector in vectors)
    assert embedding._read_embedded.cache_info().misses == 1


def safetensors(path: Path, entry: dict[str, object], data: bytes) -> Path:
    """A safetensors file with one tensor called ``t``."""
    header = json.dumps({"t": entry}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


def test_a_table_is_read_as_written(tmp_path: Path) -> None:
    """Rows come back in order, and the map cannot be written to."""
    entry = {"dtype": "I8", "shape": [2, 3], "data_offsets": [0, 6]}
    table = read_table(safetensors(tmp_path / "m", entry, bytes([1, 2, 3, 255, 254, 253])), "t")
    assert table.tolist() == [[1, 2, 3], [-1, -2, -3]]
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 5


@pytest.mark.parametrize(
    ("entry", "data"),
    [
        ({"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}, b"\0\0\0\0"),
        ({"dtype": "I8", "shape": [2, 3], "data_offsets": [0, 5]}, b"12345"),
        ({"dtype": "I8", "shape": [6], "data_offsets": [0, 6]}, b"123456"),
        ({"dtype": "I8", "shape": [2, 3], "data_offsets": [0, 6]}, b"123"),
        ({"dtype": "I8"}, b""),
    ],
)
def test_a_damaged_table_says_what_to_do(tmp_path: Path, entry: dict[str, object], data: bytes) -> None:
    """Another type or shape, or too few bytes, is an error that names the file and the remedy."""
    path = safetensors(tmp_path / "model", entry, data)
    with pytest.raises(WorkError, match=r"model cannot be read .*reinstall flakestorm"):
        read_table(path, "t")


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x05\0\0\0\0\0\0\0{{{{{"])
def test_a_file_that_is_no_table_is_an_error(tmp_path: Path, content: bytes) -> None:
    """Neither an empty file nor garbage ends in a traceback of numpy."""
    path = tmp_path / "model"
    path.write_bytes(content)
    with pytest.raises(WorkError, match="cannot be read"):
        read_table(path, "t")


def test_another_model_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sentence-transformers the message has the install line."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"model 'all-MiniLM-L6-v2'.*\n.*flakestorm\[semantic\]"):
        embedder("all-MiniLM-L6-v2")


class FakeEncoder:
    """Stands where sentence-transformers' class stands: a vector of length one for every text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def encode(self, texts: list[str], *, normalize_embeddings: bool, convert_to_numpy: bool) -> np.ndarray:
        """One row a text: the first unit vector, or the second for texts that say no."""
        assert normalize_embeddings
        assert convert_to_numpy
        return np.array([[0.0, 1.0] if "no" in text else [1.0, 0.0] for text in texts], dtype=np.float32)


def test_another_model_is_asked_for_unit_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence-transformers name embeds with that package, loaded once for a name."""
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = FakeEncoder  # type: ignore[attr-defined] # a module made by hand
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    other = embedder("fake-for-embedding")
    assert other(["yes", "no"]).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert embedder("fake-for-embedding") is other
    assert embedder("embedded") is embed
