"""Fill the cache ahead of time, so that the first caller gets a hit."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework.serializers import Field

from caching import keys
from caching.maintenance import spreadsheets
from caching.models import CuratedAnswer
from caching.policy import Policy
from caching.pricing import prices
from caching.pricing.money import Money, total
from caching.pricing.usage import Usage
from caching.reports import queries
from speech import providers, services, strict_json
from speech.api.fields import ChoiceField, ChoicesField, TextField
from speech.api.serializers import ChatRequestSerializer, SpeechCall, SpeechRequestSerializer
from speech.exceptions import GatewayError, InvalidRequest
from speech.models import Client


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the file: a validated body of `/api/chat/` or `/api/tts/`."""

    line: int
    # A valid serializer.
    body: Any

    @property
    def is_speech(self) -> bool:
        return isinstance(self.body, SpeechRequestSerializer)

    @property
    def digest(self) -> str:
        """Identifies a completed row, independent of its line number."""
        return hashlib.sha256(json.dumps(self.body.initial_data, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def provider(self) -> str:
        default = settings.TTS_PROVIDER if self.is_speech else settings.LLM_PROVIDER
        name: str = self.body.validated_data.get("provider") or default
        return name


@dataclass(slots=True)
class CostEstimate:
    """Upper bound of the cost: cached rows cost nothing."""

    amounts: list[Money] = field(default_factory=list)
    # Rows with unknown cost.
    unknown: int = 0

    @property
    def in_display_currency(self) -> Money:
        return Money(total(self.amounts, settings.DISPLAY_CURRENCY), settings.DISPLAY_CURRENCY)


def read(path: Path, encoding: str = "") -> list[Job]:
    """Parse a `.csv` file with a header, or JSON Lines; without `encoding`, in UTF-8, or in UTF-16 with its mark.

    A row with `text` is spoken, one with `query` or `messages` asked; the other fields are those of the API. Raises
    InvalidRequest with the line number.
    """
    try:
        text = spreadsheets.decoded(path.read_bytes(), encoding)
    except spreadsheets.Unreadable as error:
        raise InvalidRequest(str(error)) from error
    rows = _csv_rows(text) if path.suffix.lower() == ".csv" else _json_rows(StringIO(text))
    return [_job(line, row) for line, row in rows]


def from_ledger(client: Client, most: int) -> list[Job]:
    """Return the texts that `client` had spoken most often. Questions cannot be told whole from the ledger.

    Speed, sample rate and other options are not in the ledger either: the texts are spoken with the usual ones.
    """
    rows = []
    for text, call in queries.most_spoken(client.name, most):
        spoken = keys.parse_speech_key(call.key)
        voice = {"voice": spoken.voice, "codec": spoken.codec} | ({"model": call.model} if call.model else {})
        rows.append({"text": text, "provider": call.provider, "optimization_level": call.level, **voice})
    return [_job(line, row) for line, row in enumerate(rows, 1)]


def of_curated(client: Client) -> list[Job]:
    """Return the curated answers of `client` that name a voice, to speak in sentences and, for `quality`, whole."""
    answers = CuratedAnswer.objects.of(client.name).filter(enabled=True).exclude(voice="")
    rows = []
    for answer in answers:
        provider, _, voice = answer.voice.partition(":")
        spoken = {"text": answer.answer, "provider": provider, "voice": voice}
        if answer.language:
            spoken["language"] = answer.language
        rows += [spoken | {"optimization_level": level} for level in ("balanced", "quality")]
    return [_job(line, row) for line, row in enumerate(rows, 1)]


def estimate(jobs: Iterable[Job]) -> CostEstimate:
    """Estimate speech by its length, and questions by the average cost of the model's calls so far."""
    result = CostEstimate()
    for job in jobs:
        money = _cost_of_speech(job) if job.is_speech else _cost_of_answer(job)
        if money is None:
            result.unknown += 1
        else:
            result.amounts.append(money)
    return result


def warm(
    jobs: Iterable[Job], *, client: Client, concurrency: int, done: Callable[[Job], None] | None = None
) -> Iterator[tuple[Job, str]]:
    """Run the jobs, yielding each with its error ("" if none); `done` is called after each success."""

    def run(job: Job) -> tuple[Job, str]:
        try:
            _serve(job, client)
        except GatewayError as error:
            return job, error.message
        finally:
            connection.close()
        if done:
            done(job)
        return job, ""

    with ThreadPoolExecutor(concurrency, thread_name_prefix="warm") as pool:
        yield from pool.map(run, jobs)


def _serve(job: Job, client: Client) -> None:
    call = job.body.to_call()
    policy = Policy(call.level, archive=True)
    if isinstance(call, SpeechCall):
        services.synthesize(client=client, request=call.request, policy=policy, codec=call.codec, provider=job.provider)
    else:
        services.chat(client=client, request=call.request, policy=policy, provider=job.provider)


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    reader = spreadsheets.reader(text)
    try:
        header = [name.strip() for name in next(reader, [])]
        while header and not header[-1]:
            header.pop()
        for cells in reader:
            if beyond := next((cell for cell in cells[len(header) :] if cell.strip()), ""):
                problem = f"{beyond.strip()[:60]!r} is in no column; a text with a separator needs quotation marks"
                raise InvalidRequest(f"line {reader.line_num}: {problem}")
            # Spreadsheets and pandas number the rows in a column without a name.
            row = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell.strip()}
            if row:
                yield reader.line_num, _typed(row)
    except csv.Error as error:
        raise InvalidRequest(f"line {reader.line_num}: {error}") from error


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """Read the cells of fields that hold no text, such as `speed` and `messages`, as JSON."""
    fields = _serializer(row)().fields
    return {name: _value(cell) if name in fields and not _is_text(fields[name]) else cell for name, cell in row.items()}


def _is_text(field: Field[Any, Any, Any, Any]) -> bool:
    return isinstance(field, TextField | ChoiceField) and not isinstance(field, ChoicesField)


def _value(cell: str) -> Any:
    # Spreadsheets write TRUE.
    text = cell.lower() if cell.lower() in ("true", "false") else cell
    try:
        return strict_json.parse(text)
    except ValueError:
        # The serializer names what it expects.
        return cell


def _json_rows(file: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield number, strict_json.parse(line)
            except ValueError as error:
                raise InvalidRequest(f"line {number}: {error}") from error


def _serializer(row: Mapping[str, Any]) -> type[SpeechRequestSerializer | ChatRequestSerializer]:
    return SpeechRequestSerializer if "text" in row else ChatRequestSerializer


def _job(line: int, row: Any) -> Job:
    if not isinstance(row, dict):
        raise InvalidRequest(f"line {line}: must be an object")
    body = _serializer(row)(data=row)
    try:
        valid = body.is_valid()
    except InvalidRequest as error:
        raise InvalidRequest(f"line {line}: {error.message}") from error
    if not valid:
        problems = "; ".join(f"{name}: {errors[0]}" for name, errors in body.errors.items())
        raise InvalidRequest(f"line {line}: {problems}")
    return Job(line, body)


def _cost_of_speech(job: Job) -> Money | None:
    request = providers.get(job.provider).prepare_speech(job.body.to_call().request)
    return prices.cost(job.provider, request.model, Usage(characters=len(request.text)))


def _cost_of_answer(job: Job) -> Money | None:
    request = providers.get(job.provider).prepare_chat(job.body.to_call().request)
    # A free model is known to be free before it was ever called.
    one_token = prices.cost(job.provider, request.model, Usage(input_tokens=1, output_tokens=1))
    if one_token is not None and not one_token.amount:
        return one_token
    return queries.average_cost(job.provider, request.model)
