"""OpenAI's models on Azure. A model is named by its deployment.

https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle (read in November 2026)
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from speech.providers import openai
from speech.providers._shared.http import Form


class Provider(openai.Provider):
    defaults = {**openai.Provider.defaults, "BASE_URL": "", "API_VERSION": ""}
    required: ClassVar[tuple[str, ...]] = ("API_KEY", "BASE_URL")

    @property
    def missing_settings(self) -> list[str]:
        return [self.variable(key) for key in self.required if not self.setting(key)]

    @property
    def responds(self) -> bool:
        """The v1 API has responses, a deployment's address has none."""
        return self.setting("RESPONSES_API") != "0" and not self.setting("API_VERSION")

    @property
    def _has_openai_voices(self) -> bool:
        return True

    def _url(self, path: str, body: dict[str, Any] | Form) -> str:
        """Return the address of the v1 API, or with a dated API_VERSION that of the deployment."""
        address = self.setting("BASE_URL").rstrip("/")
        version = self.setting("API_VERSION")
        if not version:
            return f"{address}/openai/v1{path}"
        deployment = quote(str(dict(body)["model"]), safe="")
        return f"{address}/openai/deployments/{deployment}{path}?{urlencode({'api-version': version})}"

    def _authorization(self, key: str) -> dict[str, str]:
        return {"api-key": key}
