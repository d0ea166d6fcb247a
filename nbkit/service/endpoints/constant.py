"""What clients insist on and nbkit has one of: the person, the machine, its runtime."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from nbkit.service.refusals import Refusal
from nbkit.service.routes import route

if TYPE_CHECKING:
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

CLUSTER = "nbkit"
_NODE_TYPE = "nbkit.local"
_RUNTIME = "17.3.x-scala2.13"
"""The runtime of Databricks that notebooks here come nearest to."""
_RUNTIMES = (_RUNTIME, "17.3.x-cpu-ml-scala2.13", "17.3.x-scala2.12", "17.3.x-cpu-ml-scala2.12")
"""What clients may choose by; it is one and the same."""


@route("GET", "preview/scim/v2/Me", "attributes excludedAttributes")
def me(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return who jobs run as: whoever started the server."""
    del request
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": str(project.workspace_id),
        "userName": project.user,
        "displayName": project.user,
        "active": True,
        "emails": [{"type": "work", "value": project.user, "primary": True}],
        "groups": [],
        "entitlements": [],
        "roles": [],
    }


@route("GET", "clusters/spark-versions")
def spark_versions(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the one runtime, by the names that clients look for."""
    del project, request
    name = "17.3 LTS (nbkit, includes Apache Spark 4.2, Scala 2.13)"
    return {"versions": [{"key": key, "name": name} for key in _RUNTIMES]}


@route("GET", "clusters/list-node-types")
def node_types(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the one machine."""
    import psutil

    del project, request
    memory = psutil.virtual_memory().total // 2**20
    return {
        "node_types": [
            {
                "node_type_id": _NODE_TYPE,
                "memory_mb": memory,
                "num_cores": float(psutil.cpu_count() or 1),
                "description": platform.node(),
                "instance_type_id": _NODE_TYPE,
                "is_deprecated": False,
                "category": "General Purpose",
                "num_gpus": 0,
                "support_ebs_volumes": True,
                "support_cluster_tags": False,
                "is_io_cache_enabled": False,
                "photon_worker_capable": False,
                "photon_driver_capable": False,
                "node_instance_type": {"instance_type_id": _NODE_TYPE, "local_disks": 1},
            }
        ]
    }


@route("GET", "clusters/list-zones")
def zones(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the one zone."""
    del project, request
    return {"zones": ["local"], "default_zone": "local"}


@route("GET", "clusters/list", "page_size page_token filter_by sort_by can_use_client")
def clusters(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the one cluster: jobs run on the project's own driver, whichever they name."""
    del request
    return {"clusters": [_cluster(project, CLUSTER)]}


@route("GET", "clusters/get", "cluster_id")
def cluster(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the cluster that stands for every one."""
    cluster_id = request.text("cluster_id")
    if cluster_id != CLUSTER:
        message = f"Cluster {cluster_id} does not exist. There is one, {CLUSTER}."
        raise Refusal("INVALID_PARAMETER_VALUE", message)
    return _cluster(project, cluster_id)


def _cluster(project: Project, cluster_id: str) -> dict[str, Any]:
    return {
        "cluster_id": cluster_id,
        "cluster_name": cluster_id,
        "creator_user_name": project.user,
        "state": "RUNNING",
        "spark_version": _RUNTIME,
        "node_type_id": _NODE_TYPE,
        "driver_node_type_id": _NODE_TYPE,
        "num_workers": 0,
    }
