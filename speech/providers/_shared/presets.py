"""Settings of well-known services, for instances that bear their names (`PROVIDERS=groq:openai`).

Addresses as each vendor's documentation gave them in November 2026. A variable of the instance wins over its preset.
"""

from __future__ import annotations

from collections.abc import Mapping

# Hosted: they need a key.
_HOSTED = {
    "cerebras": "https://api.cerebras.ai/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "deepseek": "https://api.deepseek.com/v1",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "moonshot": "https://api.moonshot.ai/v1",
    "nvidia": "https://integrate.api.nvidia.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "together": "https://api.together.xyz/v1",
    "xai": "https://api.x.ai/v1",
}
# On this machine, at each server's default port.
_LOCAL = {
    "kokoro": "http://127.0.0.1:8880/v1",
    "llamacpp": "http://127.0.0.1:8080/v1",
    "lmstudio": "http://127.0.0.1:1234/v1",
    "ollama": "http://127.0.0.1:11434/v1",
    "speaches": "http://127.0.0.1:8000/v1",
    "vllm": "http://127.0.0.1:8000/v1",
}
# OpenAI's own model names mean nothing elsewhere.
_NO_MODELS = {"CHAT_MODEL": "", "SPEECH_MODEL": "", "TRANSCRIPTION_MODEL": "", "EMBEDDING_MODEL": ""}
_OWN = {
    "groq": {"SPEECH_FORMAT": "wav"},
    "kokoro": {"SPEECH_MODEL": "kokoro", "VOICE": "af_heart"},
}


def preset(name: str) -> Mapping[str, str]:
    """Return the settings that an instance of this name has by default; none for an unknown name."""
    base_url = _HOSTED.get(name) or _LOCAL.get(name)
    return {"BASE_URL": base_url, **_NO_MODELS, **_OWN.get(name, {})} if base_url else {}


def is_hosted(name: str) -> bool:
    return name in _HOSTED


def names() -> list[str]:
    return sorted([*_HOSTED, *_LOCAL])
