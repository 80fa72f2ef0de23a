"""OpenTelemetry: spans of requests, sent to OTEL_EXPORTER_OTLP_ENDPOINT. Needs requirements-otel.txt.

Names and attributes are those of OpenTelemetry's semantic conventions for HTTP and generative AI
(https://opentelemetry.io/docs/specs/semconv/gen-ai/); what these do not have begins with `gateway.`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from multiprocessing.util import Finalize
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from caching import tracing
from speechsite.middleware import PROBES

P = ParamSpec("P")
T = TypeVar("T")

# Seconds that a worker which stops waits for its last spans to be sent.
FLUSH_SECONDS = 2.0

_ATTRIBUTES = {
    "operation": "gen_ai.operation.name",
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.request.model",
    "stream": "gen_ai.request.stream",
    "response_model": "gen_ai.response.model",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "error": "error.type",
}
# The conventions' names where they differ from ours.
_OPERATIONS = {"embedding": "embeddings"}
_PROVIDERS = {"azure": "azure.ai.openai"}
_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call"}
_TEXTS = ("question", "matched")
_OPERATION_OF = {"llm": "chat", "tts": "speech", "stt": "transcription", "emb": "embeddings"}
_REQUEST = context.create_key("gateway-request")
_propagator = TraceContextTextMapPropagator()
_nothing = nullcontext()


def start() -> None:
    """Send the spans of this process from now on. Called in each worker, after the fork."""
    resource = Resource.create({"service.name": settings.OTEL_SERVICE_NAME})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=_traces_url())))
    trace.set_tracer_provider(provider)
    # `atexit` does not run in a worker that multiprocessing started.
    Finalize(None, _flush, args=(provider,), exitpriority=0)
    tracing.install(OTelTracer(provider.get_tracer("speech-gateway", settings.VERSION)))


def _traces_url() -> str:
    return f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"


def _flush(provider: TracerProvider) -> None:
    """Send what is left, but not wait for a receiver that is down."""
    flushing = threading.Thread(target=provider.shutdown, daemon=True)
    flushing.start()
    flushing.join(FLUSH_SECONDS)


class OTelTracer:
    """The Tracer of `caching.tracing`."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self.tracer = tracer

    def span(self, name: str, facts: Mapping[str, Any]) -> AbstractContextManager[None]:
        current = trace.get_current_span()
        # A trace that the sampler left out has no spans at all.
        left_out = current.get_span_context().is_valid and not current.is_recording()
        return _nothing if left_out else self._span(name, facts)

    @contextmanager
    def _span(self, name: str, facts: Mapping[str, Any]) -> Iterator[None]:
        # A call to a provider, by its operation and model, as the conventions name it.
        kind = SpanKind.CLIENT if "provider" in facts else SpanKind.INTERNAL
        about = _attributes(facts)
        with self.tracer.start_as_current_span(name, kind=kind, attributes=about, record_exception=False) as span:
            try:
                yield
            except Exception as error:
                _fail(span, error)
                raise

    def note(self, facts: Mapping[str, Any]) -> None:
        current = trace.get_current_span()
        if current.is_recording():
            current.set_attributes(_attributes(facts))

    def note_request(self, facts: Mapping[str, Any]) -> None:
        """Describe the result of a request. A voice turn has two: the second is an event."""
        request = context.get_value(_REQUEST)
        if not (isinstance(request, Span) and request.is_recording()):
            return
        about = _attributes({"operation": _OPERATION_OF[facts["cache_type"]], **facts})
        if "gen_ai.operation.name" in getattr(request, "attributes", {}):
            request.add_event("gateway.result", about)
        else:
            request.set_attributes(about)

    def bound(self, function: Callable[P, T]) -> Callable[P, T]:
        own = copy_context()

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            return own.run(function, *args, **kwargs)

        return run

    def headers(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        _propagator.inject(found)
        return found

    def ids(self) -> Mapping[str, str]:
        about = trace.get_current_span().get_span_context()
        if not about.is_valid:
            return {}
        return {"trace_id": trace.format_trace_id(about.trace_id), "span_id": trace.format_span_id(about.span_id)}


def _attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes for what is known; texts only with OTEL_CAPTURE_TEXTS."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if value in (None, "", (), []):
            continue
        if name == "choices":
            found |= _of_choices(value)
            continue
        if name == "operation":
            value = _OPERATIONS.get(value, value)
        elif name == "provider":
            value = _PROVIDERS.get(value, value)
        elif name in _TEXTS:
            if not settings.OTEL_CAPTURE_TEXTS:
                continue
            if name == "question":
                parts = [{"type": "text", "content": value}]
                found["gen_ai.input.messages"] = json.dumps([{"role": "user", "parts": parts}])
                continue
        found[_ATTRIBUTES.get(name, f"gateway.{name}")] = value
    return found


def _of_choices(choices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the attributes of an answer in OpenAI's form; what it says only with OTEL_CAPTURE_TEXTS."""
    reasons = [_REASONS.get(reason, reason) for reason in (str(each.get("finish_reason") or "") for each in choices)]
    found: dict[str, Any] = {"gen_ai.response.finish_reasons": reasons}
    if settings.OTEL_CAPTURE_TEXTS:
        told = [
            {"role": "assistant", "parts": _parts(message), "finish_reason": reason}
            for choice, reason in zip(choices, reasons, strict=True)
            if isinstance(message := choice.get("message"), Mapping)
        ]
        found |= {"gen_ai.output.messages": json.dumps(told, ensure_ascii=False)} if told else {}
    return found


def _parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    texts = (message.get("content"), message.get("refusal"))
    parts: list[dict[str, Any]] = [
        {"type": "text", "content": text} for text in texts if isinstance(text, str) and text
    ]
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, Mapping) and isinstance(function := call.get("function"), Mapping):
            about = {"id": call.get("id"), "name": function.get("name"), "arguments": function.get("arguments")}
            parts.append({"type": "tool_call", **about})
    return parts


class TraceRequests:
    """Middleware: a span for each request, the child of the one that `traceparent` names, until the last byte."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in PROBES:
            return self.get_response(request)
        tracer = trace.get_tracer("speech-gateway", settings.VERSION)
        names = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}
        carrier = {name: request.META[key] for name, key in names.items() if key in request.META}
        about = {
            "http.request.method": request.method or "",
            "url.path": request.path,
            "url.scheme": request.scheme or "http",
        }
        parent = _propagator.extract(carrier, context.Context())
        span = tracer.start_span(request.method or "HTTP", parent, SpanKind.SERVER, about)
        own = copy_context()
        own.run(context.attach, context.set_value(_REQUEST, span, trace.set_span_in_context(span, parent)))
        try:
            response = own.run(self.get_response, request)
        except Exception as error:
            _fail(span, error)
            span.end()
            raise
        _describe(span, request, response)
        if not isinstance(response, StreamingHttpResponse):
            span.end()
            return response
        response.streaming_content = _Traced(iter(response), span)
        return response


def _describe(span: Span, request: HttpRequest, response: HttpResponseBase) -> None:
    match = request.resolver_match
    if match:
        # Some routes are patterns that end with an optional slash.
        route = f"/{match.route.strip('^$').removesuffix('/?')}"
        span.update_name(f"{request.method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", response.status_code)
    if response.status_code >= 500:
        span.set_attribute("error.type", str(response.status_code))
        span.set_status(Status(StatusCode.ERROR))


def _fail(span: Span, error: Exception) -> None:
    span.set_status(Status(StatusCode.ERROR))
    span.set_attribute("error.type", type(error).__name__)


class _Traced(Iterator[bytes]):
    """A response's content, with whose last byte the span ends. The server closes it, begun or not."""

    def __init__(self, items: Iterator[bytes], span: Span) -> None:
        self._items, self._span = items, span

    def __next__(self) -> bytes:
        try:
            return next(self._items)
        except StopIteration:
            raise
        except Exception as error:
            _fail(self._span, error)
            raise

    def close(self) -> None:
        if self._span.is_recording():
            self._span.end()
