"""DRF fields without type coercion: DRF's own accept `true` as a number and `5` as a string."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict

from speech.api.messages import ROLES

AnyField = serializers.Field[Any, Any, Any, Any]


class TextField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class BoundedTextField(TextField):
    """A text of at most MAX_TEXT_CHARACTERS."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if len(text) > settings.MAX_TEXT_CHARACTERS:
            message = f"{len(text)} characters exceed the limit of {settings.MAX_TEXT_CHARACTERS}."
            raise serializers.ValidationError(message, code="text_too_long")
        return text


class NumberField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumberField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


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
                "role": {"type": "string", "enum": list(ROLES)},
                "content": {"type": "string", "description": "Or a list of content parts, as in OpenAI's API."},
            },
            "required": ["role", "content"],
        },
    }
)
class MessagesField(serializers.JSONField):
    """A conversation in OpenAI's format, validated by `speech.api.messages`."""


class PreparedSerializer(serializers.Serializer[Any]):
    """A serializer of JSON with much to choose from, of which a body names little.

    All instances share one set of fields: DRF copies them for each, which takes longer than validating a body. And only
    those fields are asked that are given, or that say something of what is not.
    """

    @property
    def fields(self) -> BindingDict:
        return _fields_of(type(self))

    @property
    def _writable_fields(self) -> list[AnyField]:
        # What DRF goes through to validate.
        given = self.initial_data
        return [field for field, silent in _silences_of(type(self)) if not silent or field.field_name in given]


@cache
def _fields_of(kind: type[PreparedSerializer]) -> BindingDict:
    owner = kind()
    fields = BindingDict(owner)
    for name, field in owner.get_fields().items():
        fields[name] = field
    return fields


@cache
def _silences_of(kind: type[PreparedSerializer]) -> list[tuple[AnyField, bool]]:
    """The fields that a body may have, and whether nothing comes of one that it does not."""
    return [(field, _is_silent(field)) for field in _fields_of(kind).values() if not field.read_only]


def _is_silent(field: AnyField) -> bool:
    has_default = field.default is not serializers.empty or type(field).get_default is not AnyField.get_default
    return not field.required and not has_default


class StrictSerializer(PreparedSerializer):
    """Refuses fields that it does not know: a misspelt option must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError(
                {unknown[0][:100]: [f"Unknown field. Allowed fields: {', '.join(self.fields)}."]}, code="unknown_field"
            )
        return super().to_internal_value(data)
