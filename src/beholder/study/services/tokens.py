"""What observers and experimenters carry, signed with the study's key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from beholder.study.services.refusals import RefusedError

if TYPE_CHECKING:
    from beholder.study.models import Observer

__all__ = ["HALF", "Signer"]

Use: TypeAlias = Literal["observer", "experimenter", "trial", "csrf"]

HALF = 5
"""Signs of a code before its hyphen, and after it."""


class Signer:
    """Signs and checks.

    Args:
        key: The study's secret.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, use: Use, content: Any) -> str:
        """A text that only we could have made, for one use."""
        return self._serializer(use).dumps(content)

    def check(self, use: Use, token: str | None, *, seconds: int | None = None) -> Any:
        """What was signed.

        Args:
            use: What for.
            token: From `sign`.
            seconds: How old it may be.

        Raises:
            RefusedError: If it is missing, forged, for another use or study, or too old.
        """
        try:
            return self._serializer(use).loads(token or "", max_age=seconds)
        except SignatureExpired as error:
            raise RefusedError(401, f"the {use} token is too old; log in again.") from error
        except BadSignature as error:
            raise RefusedError(401, f"the {use} token is missing or was not signed by this study.") from error

    def code(self, use: Literal["delete", "done"], observer: Observer) -> str:
        """A code that an observer is told: to have theirs deleted, or for having done it all.

        Ten signs that are hard to mistake, 50 bits.
        """
        digest = hmac.new(self._key, f"{use}:{observer.name}".encode(), hashlib.sha256).digest()
        text = base64.b32encode(digest).decode()
        return f"{text[:HALF]}-{text[HALF : 2 * HALF]}"

    def digest(self, text: str) -> str:
        """A keyed hash, for what is to be found again but not read."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _serializer(self, use: Use) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._key, salt=f"beholder.{use}", signer_kwargs={"digest_method": hashlib.sha256}
        )
