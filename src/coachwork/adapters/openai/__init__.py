"""Language models behind servers that speak OpenAI's chat completions, through the official SDK.

OpenAI itself, and by their base URL vLLM, Ollama, llama.cpp, and many providers. This room alone
knows the SDK (extra ``openai``); nothing imports it but who wants it::

    from coachwork.adapters.openai import OpenAIModel

What is asked and how answers are read decide `coachwork.adapters.openai._exchange` and the files
below it, for both colours; the two classes move bytes and nothing else.
"""

from __future__ import annotations

from coachwork.adapters.openai._models import AsyncOpenAIModel, OpenAIModel
from coachwork.adapters.openai._options import InstructionRole, SchemaMode

__all__ = ["AsyncOpenAIModel", "InstructionRole", "OpenAIModel", "SchemaMode"]
