from __future__ import annotations
import time
from dataclasses import replace
from collections.abc import Iterator
from typing import Any, ClassVar
from speech.providers.base import BaseProvider, ChatAnswer, ChatRequest

class Provider(BaseProvider):
    defaults = {"DELAY_MS": "400"}
    does: ClassVar[frozenset[str]] = frozenset({"chat"})
    def prepare_chat(self, request: ChatRequest) -> ChatRequest:
        return replace(request, model=request.model or "demo")
    def chat(self, request):
        time.sleep(int(self.setting("DELAY_MS"))/1000)
        q = request.messages[-1]["content"]
        return ChatAnswer([{"index":0,"message":{"role":"assistant","content":f"This is a demo answer. You asked: {q}"},"finish_reason":"stop"}], request.model, {"prompt_tokens":1,"completion_tokens":2,"total_tokens":3})
