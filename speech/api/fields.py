"""DRF fields without type coercion: DRF's own accept `true` as a number and `5` as a string."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from speech.api.endpoint import PreparedSerializer
from speech.providers._shared.openai_names import ROLES

SAMPLE_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
_SCALARS: dict[type, str] = {str: "string", bool: "boolean", int: "number", float: "number"}
# Characters of a wrong value in the message about it.
LONGEST_QUOTED = 60


class TextField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SpokenTextField(TextField):
    """A text to be spoken, of at most MAX_TEXT_CHARACTERS."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if len(text) > settings.MAX_TEXT_CHARACTERS:
            message = f"{len(text)} characters exceed the limit of {settings.MAX_TEXT_CHARACTERS}."
            raise serializers.ValidationError(message, code="text_too_long")
        return text


class ChoiceField(serializers.ChoiceField):
    """Its errors list the choices."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_choice": "Must be one of {choices}; not {given}."}

    def fail(self, key: str, **about: Any) -> NoReturn:
        names = ", ".join(str(choice) for choice in self.choices)
        super().fail(key, choices=names, given=repr(about.get("input"))[:LONGEST_QUOTED], **about)


class ChoicesField(ChoiceField, serializers.MultipleChoiceField):
    """Some of the choices, as a sorted tuple."""

    default_error_messages: ClassVar[dict[str, Any]] = {"not_a_list": "Must be a list of {choices}."}

    def to_internal_value(self, data: Any) -> tuple[str, ...]:  # type: ignore[override]
        if not isinstance(data, list):
            self.fail("not_a_list", input=data)
        return tuple(sorted(super().to_internal_value(data)))  # type: ignore[arg-type]


class NumberField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumberField(serializers.IntegerField):
    """A number without a fraction; languages with one type of numbers write 100 as `100.0`."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.ANY)
class ScalarField(serializers.Field[Any, Any, Any, Any]):
    """A value of one of some JSON types, for a field that has another type on each server."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "Must be a {types}."}

    def __init__(self, *types: str, **options: Any) -> None:
        self.types = types
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        if _SCALARS.get(type(data)) not in self.types:
            self.fail("invalid", types=" or ".join(self.types))
        return data


class TruthField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "role": {
                    "type": "string",
                    "minLength": 1,
                    "description": f"{', '.join(ROLES)}; in /v1 what other servers know too.",
                },
                "content": {"type": "string", "description": "Or a list of content parts, as in OpenAI's API."},
            },
            "required": ["role", "content"],
        },
    }
)
class MessagesField(serializers.JSONField):
    """A conversation in OpenAI's format, validated by `speech.api.messages`."""


class StrictSerializer(PreparedSerializer):
    """Refuses fields that it does not know: a misspelt option must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        given = data.items() if isinstance(data, dict) else ()
        if unknown := sorted(name for name, value in given if value is not None and name not in self.fields):
            raise serializers.ValidationError(
                {unknown[0][:100]: [f"Unknown field. Allowed fields: {', '.join(self.fields)}."]}, code="unknown_field"
            )
        return super().to_internal_value(data)


class TolerantSerializer(PreparedSerializer):
    """Keeps unknown fields: an OpenAI-compatible provider may know them."""

    @property
    def unknown_fields(self) -> dict[str, Any]:
        """The fields of the body that are not declared here, and not null."""
        given = self.initial_data.items()
        return {name: value for name, value in given if value is not None and name not in self.fields}
