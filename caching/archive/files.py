"""Files of the archive: in a folder or in an S3 bucket, by Django's storage API."""

from __future__ import annotations

import logging
import secrets
import time
from functools import cache

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.core.signals import setting_changed

from caching import metrics

logger = logging.getLogger(__name__)

S3 = "s3://"
# Seconds. After a failure nothing is read for a moment, so that not every miss waits for a bucket that is down.
CONNECT_TIMEOUT, READ_TIMEOUT, PAUSE = 1, 3, 10.0

_paused_until = 0.0


class FilesUnavailable(Exception):
    """The folder or the bucket cannot be used."""


def enabled() -> bool:
    return bool(settings.AUDIO_ARCHIVE)


def available() -> bool:
    return enabled() and time.monotonic() >= _paused_until


def read(name: str) -> bytes | None:
    """Return the content of a file, None if it is gone. Raises FilesUnavailable."""
    try:
        with storage().open(name) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return None
    except Exception as error:  # a storage raises what its library raises
        raise _failed(error) from error


def new_name() -> str:
    """Return a name that tells nothing of what the file holds."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token}.tts"


def write(name: str, content: bytes) -> None:
    """Store a file, in place of the one of this name. Raises FilesUnavailable."""
    try:
        storage().save(name, ContentFile(content))
    except Exception as error:
        raise _failed(error) from error


def delete(name: str) -> None:
    """Delete a file, if it is there. Raises FilesUnavailable."""
    try:
        storage().delete(name)
    except Exception as error:
        raise _failed(error) from error


@cache
def storage() -> Storage:
    where: str = settings.AUDIO_ARCHIVE
    if not where:
        raise ValueError("AUDIO_ARCHIVE is not set")
    if not where.startswith(S3):
        return FileSystemStorage(
            location=where, file_permissions_mode=0o600, directory_permissions_mode=0o700, allow_overwrite=True
        )
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from storages.backends.s3 import S3Storage

    bucket, _, prefix = where.removeprefix(S3).partition("/")
    config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, retries={"total_max_attempts": 2})
    # Threads are for the parts of large files, and would wait for their turn beside the requests.
    transfer = TransferConfig(use_threads=False)
    return S3Storage(
        bucket_name=bucket, location=prefix, client_config=config, transfer_config=transfer, default_acl=None
    )


def _failed(error: Exception) -> FilesUnavailable:
    global _paused_until
    _paused_until = time.monotonic() + PAUSE
    metrics.ARCHIVE_ERRORS.inc()
    logger.warning("The audio archive cannot be used: %s", error)
    return FilesUnavailable(str(error))


def _forget_storage(*, setting: str, **kwargs: object) -> None:
    global _paused_until
    if setting == "AUDIO_ARCHIVE":
        storage.cache_clear()
        _paused_until = 0.0


setting_changed.connect(_forget_storage)
