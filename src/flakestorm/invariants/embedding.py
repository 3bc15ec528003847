"""Text to vectors with the model inside the package, so that similarity needs no download and no torch.

``model2vec`` reads the same files and gives the same vectors; it brings tokenizers, safetensors, joblib and
tqdm along (more than 20 MB), and numpy alone is enough to read a table and take means. The table is mapped
into memory, not copied; it and the vocabulary are read at the first use, once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flakestorm.invariants.wordpiece import UNKNOWN, WordPiece
from flakestorm.model.errors import MissingExtra, WorkError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

FOLDER = Path(__file__).parent / "minilm-static-128"
EMBEDDED = "embedded"
"""The value of ``model:`` that means the model in ``FOLDER``; any other is a sentence-transformers name."""
MOST_PIECES = 512
MOST_CHARACTERS = 6 * MOST_PIECES
"""What of a text counts: its beginning. Six is the median length of a word piece."""

Embed = Callable[[Sequence[str]], "Vectors"]


@dataclass(frozen=True)
class StaticModel:
    """Word pieces and their vectors: ``table`` is (pieces, dimensions) int8, row ``unknown`` is left out."""

    pieces: WordPiece
    table: NDArray[np.int8]
    unknown: int

    def numbers(self, text: str) -> list[int]:
        """The rows of ``table`` that make up the vector of ``text``."""
        numbers = self.pieces.encode(text[:MOST_CHARACTERS])[:MOST_PIECES]
        return [number for number in numbers if number != self.unknown]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimensions) float32, rows of length one; zeros for a text without a known piece."""
        import numpy as np

        sums = np.zeros((len(texts), self.table.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            numbers = self.numbers(text)
            if numbers:
                # Length one makes dividing by the count pointless: the sum points where the mean does.
                self.table.take(numbers, axis=0).sum(axis=0, dtype=np.float32, out=sums[row])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        sums /= lengths
        return sums


def embed(texts: Sequence[str]) -> Vectors:
    """The embedded model's vectors: (n, 128) float32, unit rows (zeros where no word is known)."""
    return _embedded().embed(texts)


def embedder(model: str) -> Embed:
    """The function that embeds with ``model``: ``embedded``, or a sentence-transformers name or folder.

    Raises ``MissingExtra`` when sentence-transformers is needed and not installed.
    """
    return embed if model == EMBEDDED else _sentence_transformer(model)


def cosine(a: Vectors, b: Vectors) -> float:
    """The cosine of the angle between two vectors of length one: −1 to 1, and 0 when one is all zeros."""
    return min(1.0, max(-1.0, float(a @ b)))


def read_table(path: Path, name: str) -> NDArray[np.int8]:
    """The two-dimensional int8 tensor ``name`` of a safetensors file, mapped into memory read-only.

    Raises ``WorkError`` when the file is damaged or holds another kind of tensor.
    """
    import numpy as np

    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            entry = json.loads(file.read(size))[name]
        first, last = entry["data_offsets"]
        rows, columns = entry["shape"]
        if entry["dtype"] != "I8" or last - first != rows * columns:
            raise ValueError(f"{entry['dtype']} {entry['shape']} in {last - first} bytes")
        return np.memmap(path, np.int8, "r", offset=8 + size + first, shape=(rows, columns))
    except (OSError, OverflowError, ValueError, LookupError, TypeError) as error:
        raise WorkError(
            f"the similarity model {path} cannot be read ({error}); reinstall flakestorm to restore it"
        ) from error


_loading = Lock()


def _embedded() -> StaticModel:
    # The cache alone would let two threads that come first read the files twice.
    with _loading:
        return _read_embedded()


@cache
def _read_embedded() -> StaticModel:
    vocabulary = (FOLDER / "vocabulary.txt").read_text("utf-8").splitlines()
    table = read_table(FOLDER / "model.safetensors", "embeddings")
    return StaticModel(WordPiece(vocabulary), table, vocabulary.index(UNKNOWN))


@cache
def _sentence_transformer(model: str) -> Embed:
    try:
        package = import_module("sentence_transformers")
    except ImportError:
        raise MissingExtra("sentence-transformers", "semantic", f"similarity with model '{model}'") from None
    encoder = package.SentenceTransformer(model)

    def encode(texts: Sequence[str]) -> Vectors:
        vectors: Vectors = encoder.encode(list(texts), normalize_embeddings=True, convert_to_numpy=True)
        return vectors

    return encode
