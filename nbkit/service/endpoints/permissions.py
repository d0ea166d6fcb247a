"""Who may do what with a job or a pipeline: the one person whose server this is, everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.api.deployed import deployed_job
from nbkit.errors import JobNotFoundError
from nbkit.service import pipelines_kept as kept
from nbkit.service.refusals import Refusal
from nbkit.service.rights import OWNER, refuse_rights_of_others
from nbkit.service.routes import route

if TYPE_CHECKING:
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_LEVELS = {
    "CAN_VIEW": "Can view the object and its runs",
    "CAN_MANAGE_RUN": "Can run the object, and cancel its runs",
    "CAN_RUN": "Can run the object, and cancel its runs",
    "CAN_MANAGE": "Can do everything",
    OWNER: "Owns the object",
}
_OF = {
    "jobs": ("job", ("CAN_VIEW", "CAN_MANAGE_RUN", OWNER, "CAN_MANAGE")),
    "pipelines": ("pipelines", ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", OWNER)),
}


@route("GET", "permissions/{kind}/{object_id}", versions=r"2\.0")
def get(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return that its owner may do everything."""
    return _granted(project, *_asked(project, request))


@route("GET", "permissions/{kind}/{object_id}/permissionLevels", versions=r"2\.0")
def levels(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the rights that there are on Databricks."""
    kind, _ = _asked(project, request)
    known = [{"permission_level": level, "description": _LEVELS[level]} for level in _OF[kind][1]]
    return {"permission_levels": known}


@route("PUT", "permissions/{kind}/{object_id}", "access_control_list", versions=r"2\.0")
def put(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Refuse whatever is not so already."""
    return _changed(project, request)


@route("PATCH", "permissions/{kind}/{object_id}", "access_control_list", versions=r"2\.0")
def patch(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Refuse whatever is not so already."""
    return _changed(project, request)


def _changed(project: Project, request: ApiRequest) -> dict[str, Any]:
    kind, object_id = _asked(project, request)
    refuse_rights_of_others(request.values.get("access_control_list"), project.user)
    return _granted(project, kind, object_id)


def _asked(project: Project, request: ApiRequest) -> tuple[str, str]:
    """Return the kind and the id of what is asked for.

    Raises:
        Refusal: there is no such object, or none of that kind has rights here.
    """
    kind, object_id = request.text("kind"), request.text("object_id")
    if kind not in _OF:
        message = f"nbkit knows the permissions of jobs and pipelines, not of {kind}."
        raise Refusal("NOT_IMPLEMENTED", message)
    if kind == "jobs":
        try:
            deployed_job(request.number("object_id"), settings=project.settings)
        except JobNotFoundError as error:  # here, unlike below jobs/, Databricks says 404
            raise Refusal("RESOURCE_DOES_NOT_EXIST", str(error)) from None
        return kind, object_id
    return kind, kept.get(project.settings, object_id).pipeline_id


def _granted(project: Project, kind: str, object_id: str) -> dict[str, Any]:
    owner = {
        "user_name": project.user,
        "display_name": project.user,
        "all_permissions": [{"permission_level": OWNER, "inherited": False}],
    }
    return {
        "object_id": f"/{kind}/{object_id}",
        "object_type": _OF[kind][0],
        "access_control_list": [owner],
    }
