"""`dbutils.secrets`: values that notebooks use and nobody sees."""

from __future__ import annotations

import typing

from nbkit.toolkit import secret_store
from nbkit.toolkit.utility import Utility

if typing.TYPE_CHECKING:
    import builtins  # `list` is a method here


class SecretMetadata(typing.NamedTuple):
    """What may be told of a secret."""

    key: str


class SecretScope(typing.NamedTuple):
    """A group of secrets."""

    name: str

    def getName(self) -> str:
        """Return its name."""
        return self.name


class SecretsUtility(Utility):
    """Secrets, as `dbutils.secrets`; `nbkit.toolkit.secret_store` says where they come from."""

    _name = "dbutils.secrets"

    def get(self, scope: str, key: str) -> str:
        """Return a secret; wherever it would be shown, `[REDACTED]` is."""
        return secret_store.value_of(scope, key)

    def getBytes(self, scope: str, key: str) -> bytes:
        """Return a secret as bytes, encoded as UTF-8."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> builtins.list[SecretMetadata]:
        """List the keys of a scope."""
        keys = secret_store.keys_of(scope)
        if not keys:
            known = ", ".join(secret_store.scopes()) or "none"
            raise LookupError(f"Scope {scope} does not exist (known: {known})")
        return [SecretMetadata(key) for key in keys]

    def listScopes(self) -> builtins.list[SecretScope]:
        """List the scopes."""
        return [SecretScope(scope) for scope in secret_store.scopes()]
