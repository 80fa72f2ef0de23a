"""Tables of clients and of what is kept for them."""

from __future__ import annotations

from speech.models.client import Client as Client
from speech.models.client import ClientManager as ClientManager
from speech.models.client_key import KEY_PREFIX as KEY_PREFIX
from speech.models.client_key import ClientKey as ClientKey
from speech.models.client_key import hash_key as hash_key
from speech.models.receipt import Receipt as Receipt
from speech.models.stored_response import StoredResponse as StoredResponse
