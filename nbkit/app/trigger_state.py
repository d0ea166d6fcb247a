"""What the triggers of a deployed job have seen, in the shape of the Jobs API's `jobs/get`.

Fields as databricks-sdk 0.162 has them (`PerTriggerState`, `TriggerStateProto`, `TriggerHistory`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nbkit.app.decided import decided, remembered
from nbkit.graph.starting import starts
from nbkit.graph.validation import read_job
from nbkit.rules.triggers.kinds import Trigger

if TYPE_CHECKING:
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Watches

_ALONE = {"file_arrival": "file_arrival", "table_update": "table"}
"""How the state of a job's only trigger is called; others have none of their own."""


def trigger_states(job: DeployedJob, watches: Watches, *, history: bool = False) -> dict[str, Any]:
    """Return `trigger_state` of a job with one trigger, or `trigger_details` of one with several.

    Args:
        job: as deployed.
        watches: what triggers have seen.
        history: tell in `trigger_details` when each fired last, too.
    """
    read = read_job(job.settings)[0]
    found = list(starts(read)) if read else []
    if not found:
        return {}
    if read and read.triggers:
        several: list[dict[str, Any]] = [{"state": {}} for _ in read.triggers]
        for loc, kind, settings, paused in found:
            place = several[int(loc[1])]
            trigger = Trigger.of(kind, settings)
            state = _state(trigger, job, watches)
            place["state"] |= {kind: state, "pause_status": _status(paused=paused)}
            fired = _fired(trigger, job, watches) if history else None
            place |= {"history": {"last_triggered": fired}} if fired else {}
        return {"trigger_details": several}
    _, kind, settings, paused = found[0]
    known: dict[str, Any] = {"pause_status": _status(paused=paused)}
    if kind in _ALONE:
        known[_ALONE[kind]] = _state(Trigger.of(kind, settings), job, watches)
    return {"trigger_state": known}


def _status(*, paused: bool) -> str:
    return "PAUSED" if paused else "UNPAUSED"


def _fired(trigger: Trigger, job: DeployedJob, watches: Watches) -> dict[str, Any] | None:
    last = watches.last_firing(job.job_id, trigger.key)
    if last is None:
        return None
    said = {"description": last.message} if last.message else {}
    run = {"run_id": last.run_id} if last.run_id is not None else {}
    return {"timestamp": last.at, **run, **said}


def _state(trigger: Trigger, job: DeployedJob, watches: Watches) -> dict[str, Any]:
    wanted = cast("Any", trigger.settings)
    known = remembered(trigger, job, watches)
    match trigger.kind:
        case "file_arrival":
            return {"using_file_events": False}
        case "table_update":
            changed = known.memory["pending"] if known.memory else {}
            tables = [
                {"table_name": name, "has_seen_updates": name in changed}
                for name in wanted.table_names
            ]
            return {"last_seen_table_states": tables, "using_scalable_monitoring": False}
        case "continuous":
            now = watches.now()
            decision = decided(trigger, job, watches, known, now=now).decision
            failures = (decision.memory or {}).get("failures", 0)
            backing_off = bool(failures) and decision.look_at > now
            next_attempt = {"next_attempt_ms": decision.look_at} if backing_off else {}
            return {
                "consecutive_failures": failures,
                "is_backing_off": backing_off,
                **next_attempt,
            }
    return {}
