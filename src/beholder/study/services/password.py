"""The experimenter's password: drawn by us, kept as a hash."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import secrets

from beholder.spec import UsageError

__all__ = ["PasswordHash", "draw_password"]

_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another: no 0 and o, no 1, i and l
_GROUPS, _GROUP = 3, 5
_SALT_BYTES = 16
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1  # 16 MiB and about 50 ms a try
_MOST_MEMORY = 64 * 1024 * 1024


def draw_password() -> str:
    """A password at random: fifteen signs of 31, which are 74 bits, such as ``k7m4x-9tq2c-hw8fe``."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


@dataclasses.dataclass(frozen=True)
class PasswordHash:
    """What is kept of a password: scrypt (RFC 7914) with its salt and its cost.

    Attributes:
        salt: In hexadecimal.
        digest: In hexadecimal.
        cost: scrypt's N.
        block: scrypt's r.
        parallel: scrypt's p.
    """

    salt: str
    digest: str
    cost: int = _COST
    block: int = _BLOCK
    parallel: int = _PARALLEL

    @classmethod
    def of(cls, password: str) -> PasswordHash:
        """The hash of a password, with a new salt."""
        empty = cls(secrets.token_hex(_SALT_BYTES), "")
        return dataclasses.replace(empty, digest=empty._scrypt(password))

    @classmethod
    def read(cls, text: str) -> PasswordHash:
        """What `write` wrote.

        Raises:
            UsageError: If it is something else.
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise UsageError(
                "the hash of the password is damaged; `beholder study password` draws a new one."
            ) from error

    def write(self) -> str:
        """A text to keep; the password cannot be told from it."""
        return json.dumps(dataclasses.asdict(self)) + "\n"

    def matches(self, password: str) -> bool:
        """Whether it is the password; blanks and hyphens, and whether letters are large, do not matter."""
        return hmac.compare_digest(self._scrypt(password), self.digest)

    @property
    def fingerprint(self) -> str:
        """What those who are logged in carry, so that a new password ends their sessions."""
        return hashlib.sha256(self.digest.encode()).hexdigest()[:16]

    def _scrypt(self, password: str) -> str:
        plain = "".join(sign for sign in password.lower() if sign not in "- \t\n\r")
        return hashlib.scrypt(
            plain.encode(),
            salt=bytes.fromhex(self.salt),
            n=self.cost,
            r=self.block,
            p=self.parallel,
            maxmem=_MOST_MEMORY,
        ).hex()
