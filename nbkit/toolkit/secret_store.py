"""Where a project's secrets come from: the environment, a file of one's own, the key ring.

Looked for in this order:

1. the environment variable `NBKIT_SECRET_<SCOPE>_<KEY>`, in capitals, with `_` for every
   character that is neither letter nor digit;
2. `.nbkit/secrets.toml`, a table for each scope, which nobody but its owner may read (0600);
3. the system's key ring, if the package keyring is installed: service `nbkit/<scope>`, user
   `<key>` (`keyring set nbkit/<scope> <key>`).

Every value found is told to `nbkit.toolkit.redaction` before anybody gets it.
"""

from __future__ import annotations

import os
import re
import stat
import typing

from nbkit.dialect import paths
from nbkit.foreign_errors import PLACE_IN_TOML
from nbkit.hidden import SHORT
from nbkit.near import hint
from nbkit.process_start import follow_environment
from nbkit.toolkit.redaction import redactor

if typing.TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME = "secrets.toml"
_PREFIX = "NBKIT_SECRET_"
_REFERENCE = re.compile(r"\{\{\s*secrets/([^/}\s]+)/([^/}\s]+)\s*\}\}")


_known: dict[str, str] = {}
"""References of the secrets that this kernel has got, by their values."""

_referring: dict[str, str] = {}
"""Environment variables as they were before their secrets were put in."""


class SecretNotFoundError(LookupError):
    """No source has a secret of that scope and key."""


class SecretsFileError(PermissionError):
    """The file of secrets cannot be used as it is: others can read it, or it is not TOML."""


def value_of(scope: str, key: str) -> str:
    """Return a secret's value.

    Raises:
        SecretNotFoundError: there is none.
        SecretsFileError: the file of secrets cannot be used.
    """
    value = os.environ.get(_variable(scope, key))
    if value is None:
        value = _from_file().get(scope, {}).get(key)
    if value is None:
        value = _from_key_ring(scope, key)
    if value is None:
        raise SecretNotFoundError(_missing(scope, key))
    redactor.hide(value)
    _known[value] = f"{{{{secrets/{scope}/{key}}}}}"
    return value


def keys_of(scope: str) -> list[str]:
    """Return the keys of a scope that the environment and the file have; a key ring tells none."""
    prefix = _variable(scope, "")
    named = {name.removeprefix(prefix).lower() for name in os.environ if name.startswith(prefix)}
    return sorted({*named, *_from_file().get(scope, {})} - {""})


def scopes() -> list[str]:
    """Return the scopes of the file; and of the environment, where the first word counts."""
    words = (name.removeprefix(_PREFIX) for name in os.environ if name.startswith(_PREFIX))
    named = {word.partition("_")[0].lower() for word in words if "_" in word}
    return sorted({*named, *_from_file()} - {""})


def resolved(values: Mapping[str, str]) -> dict[str, str]:
    """Return settings with every `{{secrets/scope/key}}` replaced by the secret's value.

    Raises:
        SecretNotFoundError: a secret is not there; it names the setting.
        SecretsFileError: the file of secrets cannot be used.
    """
    found = {}
    for name, text in values.items():
        try:
            found[name] = _REFERENCE.sub(lambda secret: value_of(secret[1], secret[2]), text)
        except SecretNotFoundError as error:
            raise SecretNotFoundError(f"{name}: {error}") from None
    return found


def enter(env: Mapping[str, str]) -> None:
    """Set environment variables; references to secrets, in all there are, become values.

    Raises:
        SecretNotFoundError: a secret is not there; it names the variable.
        SecretsFileError: the file of secrets cannot be used.
    """
    given = {name: text for name, text in os.environ.items() if _REFERENCE.search(text)}
    given |= env
    _referring.update({name: text for name, text in given.items() if _REFERENCE.search(text)})
    for name, value in resolved(given).items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    follow_environment()


def unresolved(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with references instead of the secrets that `enter` put in."""
    return {**env, **{name: text for name, text in _referring.items() if name in env}}


def put_in(
    parameters: Mapping[str, str], places: Mapping[str, typing.Sequence[tuple[int, int]]]
) -> dict[str, str]:
    """Return parameters with secrets in place of the references that an author wrote.

    Args:
        parameters: by name.
        places: where the references are; what looks like one anywhere else is data.

    Raises:
        SecretNotFoundError: a secret is not there; it names the parameter.
        SecretsFileError: the file of secrets cannot be used.
    """
    found = dict(parameters)
    for name, text in parameters.items():
        for start, end in sorted(places.get(name, ()), reverse=True):
            (value,) = resolved({name: text[start:end]}).values()
            found[name] = found[name][:start] + value + found[name][end:]
    return found


def as_reference(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text with `{{secrets/scope/key}}` for every secret that this kernel has got.

    The places of these references come with it.
    """
    if text in _known:
        return _known[text], [(0, len(_known[text]))]
    values = sorted((value for value in _known if len(value) >= SHORT), key=len, reverse=True)
    if not values:
        return text, []
    made, places, done = "", [], 0
    for secret in re.finditer("|".join(map(re.escape, values)), text):
        made += text[done : secret.start()]
        places.append((len(made), len(made) + len(_known[secret[0]])))
        made += _known[secret[0]]
        done = secret.end()
    return made + text[done:], places


def hide_environment() -> None:
    """Let no secret of the environment out, whether a notebook asks for it or not."""
    for name, value in os.environ.items():
        if name.startswith(_PREFIX):
            redactor.hide(value)


def _variable(scope: str, key: str) -> str:
    return _PREFIX + re.sub(r"[^A-Za-z0-9]", "_", f"{scope}_{key}").upper()


def _file() -> Path:
    return paths.project() / ".nbkit" / FILE_NAME


def _from_file() -> dict[str, dict[str, str]]:
    file = _file()
    try:
        mode = file.stat().st_mode
    except OSError:
        return {}
    import tomllib

    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SecretsFileError(f"Others can read {file}: run `chmod 600 {file}`")
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        line = PLACE_IN_TOML.said(str(error))
        where = f" (line {line})" if line else ""  # its own message may quote a secret
        raise SecretsFileError(f"{file} is not TOML{where}") from None
    found: dict[str, dict[str, str]] = {}
    for scope, table in tables.items():
        entries = table.items() if isinstance(table, dict) else ()
        found[scope] = {key: value for key, value in entries if isinstance(value, str)}
        if not isinstance(table, dict) or len(found[scope]) < len(table):
            raise SecretsFileError(
                f'{file}: [{scope}] must be a table of texts, such as `password = "…"`'
            )
    for table in found.values():
        for value in table.values():
            redactor.hide(value)
    return found


def _from_key_ring(scope: str, key: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(f"nbkit/{scope}", key)
    except KeyringError:  # a machine without a desktop has no key ring to ask
        return None


def _missing(scope: str, key: str) -> str:
    known = keys_of(scope)
    near = hint(key, known) if known else hint(scope, scopes())
    what = f"Secret does not exist with scope: {scope} and key: {key}{near}."
    return f"{what} Set {_variable(scope, key)}, or [{scope}] {key} in {_file()}"
