"""Publishes to a local API what a test gives, as the stream's reader does: `publishMessage`, signed with the reader's key."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from chat.rules.published import PUBLISH_DOCUMENT
from simulator.auth.access_keys import PUBLISHER, AccessKeys
from simulator.auth.signing import signer
from simulator.settings import REGION

SESSION_S = 900
"""How long a session of the role is good."""
PATIENCE_S = 30.0


class PublishRefused(Exception):
    """The API did not publish it. `error_type`: AppSync's name for why, such as `InvalidInput`."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type


class Publisher:
    """`address`: host and port of the API. `keys`: this machine's. May be used in several threads."""

    def __init__(self, address: str, keys: AccessKeys, user: str = PUBLISHER) -> None:
        self._address, self._keys, self._user = address, keys, user

    def publish(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Publishes the schema's `Message` with its `epoch`, and gives what AppSync gave to subscribers. Raises
        `PublishRefused`, and `OSError` where no API answers."""
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        answer = self.post(PUBLISH_DOCUMENT, {"message": text})
        for error in answer.get("errors") or ():
            raise PublishRefused(str(error.get("errorType")), str(error.get("message")))
        published: dict[str, Any] = answer["data"]["publishMessage"]
        return published

    def post(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What the API answers to a request that is signed."""
        now = int(time.time())
        credentials = self._keys.credentials(self._user, now=now, ttl=SESSION_S)
        body = json.dumps({"query": query, "variables": variables})
        request = urllib.request.Request(
            f"http://{self._address}/graphql",
            body.encode(),
            signer(credentials, REGION, self._address)("/graphql", body),
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as refusal:
            answer = json.load(refusal)
        return answer
