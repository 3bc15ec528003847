"""``similarity``: thresholds mean what they mean for all-MiniLM-L6-v2."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flakestorm.invariants.embedding import cosine, embed
from flakestorm.invariants.published_scale import KNOTS, published_scale
from flakestorm.invariants.quantities import missing_numbers
from flakestorm.invariants.registry import Subject
from flakestorm.invariants.similarity import SimilarityRule, build_similarity
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, VerdictStatus

DATA = Path(__file__).parent / "data" / "similarity_pairs.jsonl"
PAIRS = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
"""Hand-written pairs with the score that all-MiniLM-L6-v2 gave them."""


def judge(reply: str, **options: Any) -> Judgement:
    """The judgement of a ``similarity`` rule on ``reply``."""
    subject = Subject(Trial.of(GoldenPrompt(("question",))), Outcome(1.0, reply))
    return build_similarity(SimilarityRule(**options))(subject)


@pytest.fixture(scope="module")
def scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per pair: the embedded cosine, its translation, and the score of the published model."""
    vectors = embed([pair[side] for pair in PAIRS for side in "ab"])
    raw = np.array([cosine(vectors[2 * row], vectors[2 * row + 1]) for row in range(len(PAIRS))])
    translated = np.array([published_scale(score) for score in raw])
    return raw, translated, np.array([pair["minilm"] for pair in PAIRS])


def test_there_are_enough_pairs_of_every_relation() -> None:
    """The calibration rests on more than 120 pairs: paraphrases, long answers, near and far topics."""
    assert len(PAIRS) >= 120
    relations = [pair["relation"] for pair in PAIRS]
    for relation in ("paraphrase", "short_long", "partial", "unrelated", "near"):
        assert relations.count(relation) >= 12


def test_embedded_scores_follow_the_published_model(
    scores: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Correlation is .93, and the translated score is off by .11 (root mean square) without a bias."""
    raw, translated, published = scores
    assert np.corrcoef(raw, published)[0, 1] > 0.93
    assert np.sqrt(np.mean((translated - published) ** 2)) < 0.115
    assert abs(np.mean(translated - published)) < 0.02


@pytest.mark.parametrize(("threshold", "agreement"), [(0.6, 0.87), (0.7, 0.9), (0.75, 0.91), (0.8, 0.93)])
def test_thresholds_decide_as_with_the_published_model(
    scores: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: float, agreement: float
) -> None:
    """At the usual thresholds nine pairs of ten get the same verdict, and as many pass as should."""
    _, translated, published = scores
    ours, theirs = translated >= threshold, published >= threshold
    assert np.mean(ours == theirs) >= agreement
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.04


def test_unrelated_replies_never_pass(scores: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """No unrelated pair comes near a threshold that anybody uses."""
    _, translated, _ = scores
    unrelated = [pair["relation"] == "unrelated" for pair in PAIRS]
    assert translated[unrelated].max() < 0.3


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_scale_keeps_the_order(one: float, other: float) -> None:
    """A higher cosine is never a lower score, and the ends stay where they are."""
    low, high = sorted((one, other))
    assert published_scale(low) <= published_scale(high)
    assert -1 <= published_scale(low) <= 1


def test_the_scale_goes_through_its_knots() -> None:
    """Each pair of the table is met exactly; between two of them lies a straight line."""
    for cosine_, score in KNOTS:
        assert published_scale(cosine_) == pytest.approx(score)
    assert published_scale(0.585) == pytest.approx(0.5)


def test_a_paraphrase_passes_and_says_how_similar_it_is() -> None:
    """The detail of a pass has the score."""
    judgement = judge(
        "Your package has been shipped and arrives on Thursday.",
        expected="Your order has shipped and will arrive on Thursday.",
    )
    assert judgement.status is VerdictStatus.PASSED
    assert judgement.detail.startswith("similarity 0.")


def test_another_topic_fails_and_shows_both_texts() -> None:
    """The detail of a failure has score, threshold, the expected text and the reply."""
    judgement = judge("Whales are mammals.", expected="Your order has shipped.")
    assert judgement.status is VerdictStatus.FAILED
    assert 'to the expected text "Your order has shipped." is below 0.80' in judgement.detail
    assert 'the reply is 19 characters: "Whales are mammals."' in judgement.detail


def test_the_threshold_is_the_users() -> None:
    """The same reply passes a low threshold and fails a high one."""
    texts = {"reply": "The hotel has a pool.", "expected": "The hotel offers free breakfast."}
    assert judge(**texts, threshold=0.3).status is VerdictStatus.PASSED
    assert judge(**texts, threshold=0.9).status is VerdictStatus.FAILED


def test_an_expected_text_without_known_words_cannot_be_judged() -> None:
    """Neither a pass nor a failure: the model knows nothing of the text."""
    judgement = judge("anything", expected="\u200b\u200b")
    assert judgement.status is VerdictStatus.ERRORED
    assert "knows no word" in judgement.detail


@pytest.mark.parametrize("reply", ["", "\u200b"])
def test_an_empty_reply_fails(reply: str) -> None:
    """Nothing is like nothing."""
    assert judge(reply, expected="Your order has shipped.").status is VerdictStatus.FAILED


def test_numbers_are_invisible_to_vectors_and_visible_to_check_numbers() -> None:
    """The documented limit, and the option against it."""
    texts = {"reply": "The refund takes 15 days.", "expected": "The refund takes 5 days."}
    assert judge(**texts).status is VerdictStatus.PASSED
    checked = judge(**texts, check_numbers=True)
    assert checked.status is VerdictStatus.FAILED
    assert "the reply lacks 5 of the expected text" in checked.detail
    assert judge("The refund takes five days.", expected=texts["expected"], check_numbers=True).status is (
        VerdictStatus.PASSED
    )


@pytest.mark.parametrize(
    ("expected", "reply", "missing"),
    [
        ("costs 1,250.50 euros", "costs 1250.5 euros", []),
        ("costs 1.250 euros", "costs 1,250 euros", []),
        ("2.50", "2,5", []),
        ("007 and 0.0", "7 and 0", []),
        ("three of 12", "3 of twelve", []),
        ("5 or 6 or 5", "six", ["5"]),
        ("on 3.4.2024", "on 4 March", ["3.4.2024"]),
        ("model A4", "model B", []),
        ("no number", "42", []),
        ("1'000'000", "1\u202f000\u202f000", []),
    ],
)
def test_missing_numbers(expected: str, reply: str, missing: list[str]) -> None:
    """Spellings of one number are one number; what is missing is named as it was written."""
    assert missing_numbers(expected, reply) == missing


@pytest.mark.parametrize(
    "wrong", [{}, {"expected": ""}, {"expected": "x", "threshold": 1.5}, {"expected": "x", "treshold": 0.5}]
)
def test_options_are_validated(wrong: dict[str, Any]) -> None:
    """No expected text, a threshold outside 0–1 and unknown keys are errors."""
    with pytest.raises(ValidationError):
        SimilarityRule(**wrong)


def test_another_models_scores_are_not_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence-transformers model is already on its own scale."""

    class Encoder:
        """One direction for the expected text, one at a cosine of .6 for every other."""

        def __init__(self, _name: str) -> None: ...

        def encode(self, texts: list[str], **_options: object) -> np.ndarray:
            """Unit rows."""
            return np.array([[1.0, 0.0] if text == "expected" else [0.6, 0.8] for text in texts])

    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = Encoder  # type: ignore[attr-defined] # a module made by hand
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    judgement = judge("reply", expected="expected", model="fake-for-similarity", threshold=0.6)
    assert judgement.detail == "similarity 0.60 to the expected text"
