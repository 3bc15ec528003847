"""Which words belong to which provider."""

from __future__ import annotations

from flakestorm.chaos.faults.words.anthropic import Anthropic
from flakestorm.chaos.faults.words.google import Google
from flakestorm.chaos.faults.words.ollama import Ollama
from flakestorm.chaos.faults.words.openai import OpenAI
from flakestorm.chaos.faults.words.port import Words
from flakestorm.chaos.faults.words.responses import Responses
from flakestorm.chaos.request import Provider

_OPENAI = OpenAI()

WORDS: dict[Provider, Words] = {
    "openai": _OPENAI,
    "responses": Responses(),
    "anthropic": Anthropic(),
    "google": Google(),
    "ollama": Ollama(),
    # Nobody knows whose API it is; OpenAI's format is the one that most others speak.
    "": _OPENAI,
}
