"""Rights that a client asks for: the one person whose server this is has all, nobody else any."""

from __future__ import annotations

from nbkit.service.refusals import Refusal, invalid

OWNER = "IS_OWNER"
_NEVER_WIDER = (
    "nbkit gives nobody else rights: whoever has the server's token may do everything. "
    f"access_control_list may only name {{user}} as {OWNER}."
)


def refuse_rights_of_others(wanted: object, user: str) -> None:
    """See that an `access_control_list` gives no rights that are not there already.

    Args:
        wanted: the list; None for none.
        user: whose server it is.

    Raises:
        Refusal: it does, or it is no such list.
    """
    given = wanted or []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise invalid("access_control_list must be a list of objects.")
    if any(
        (each.get("user_name"), each.get("permission_level")) != (user, OWNER) for each in given
    ):
        raise Refusal("NOT_IMPLEMENTED", _NEVER_WIDER.format(user=user))
