"""The tokenizer's tokens are the words that explanations are made of."""

import numpy as np

from llm_service.explaining.explanation import explain
from tests.llm_service.explaining import situations
from training.tiny.corpus import driving_texts
from training.tiny.tokenizer import train_tokenizer


def test_most_words_of_an_explanation_are_one_token():
    tokenizer = train_tokenizer(6)
    frame, proposal_ego_m = situations.braking_behind_a_standing_car()
    texts = [explain(frame, proposal_ego_m, frame.future_ego_m, np.random.default_rng(seed)) for seed in range(100)]
    words = [f" {word.strip('.,;:')}" for text in texts for word in text.split()[1:] if word.strip(".,;:").isalpha()]
    whole = [len(tokenizer.encode(word)) == 1 for word in words]
    assert np.mean(whole) > 0.9


def test_the_corpus_is_the_same_each_time():
    assert list(driving_texts()) == list(driving_texts())
