"""The tasks of a job as a graph: who waits for whom, and in which order."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.graph.model import Dependency, Job, Task


class RunGraph:
    """A job with its tasks in an order that respects every dependency.

    It takes any job: a parent that does not exist is left out, of two tasks with one key the
    first counts, and tasks on a cycle come last. Saying so is for `nbkit.graph.checks`.

    Attributes:
        job: the job.
        keys: every task key, parents first; by definition order where parents leave a choice.
        cyclic: keys that have no place in the order, because they wait for themselves.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._tasks: dict[str, Task] = {}
        for task in job.tasks:
            self._tasks.setdefault(task.task_key, task)
        self._parents = {
            key: tuple(parent for parent in task.depends_on if parent.task_key in self._tasks)
            for key, task in self._tasks.items()
        }
        children: dict[str, dict[str, None]] = {key: {} for key in self._tasks}
        for key, parents in self._parents.items():
            for parent in parents:
                children[parent.task_key][key] = None
        self._children = {key: tuple(found) for key, found in children.items()}
        self.keys, self.cyclic = self._order()
        self._bit = {key: 1 << place for place, key in enumerate(self.keys)}
        self._above: dict[str, int] = {}
        for key in self.keys:
            above = 0
            for parent in self._parents[key]:
                above |= self._bit[parent.task_key] | self._above.get(parent.task_key, 0)
            self._above[key] = above

    def _order(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        place = {key: number for number, key in enumerate(self._tasks)}
        names = tuple(self._tasks)
        waits_for = {
            key: len({parent.task_key for parent in parents})
            for key, parents in self._parents.items()
        }
        ready = [place[key] for key in names if not waits_for[key]]
        order: list[str] = []
        while ready:
            key = names[heapq.heappop(ready)]
            order.append(key)
            for child in self._children[key]:
                waits_for[child] -= 1
                if not waits_for[child]:
                    heapq.heappush(ready, place[child])
        rest = tuple(key for key in names if waits_for[key])
        return (*order, *rest), rest

    def __contains__(self, key: object) -> bool:
        """Say whether the job has a task of this key."""
        return key in self._tasks

    def task(self, key: str) -> Task:
        """Return the task of this key.

        Raises:
            KeyError: there is none.
        """
        return self._tasks[key]

    def parents(self, key: str) -> tuple[Dependency, ...]:
        """Return what the task waits for, as it lists it."""
        return self._parents[key]

    def children(self, key: str) -> tuple[str, ...]:
        """Return the tasks that wait for this one directly, in definition order."""
        return self._children[key]

    @property
    def leaves(self) -> tuple[str, ...]:
        """The tasks that nothing waits for; they decide how the run ends."""
        return tuple(key for key in self.keys if not self._children[key])

    def ancestors(self, key: str) -> frozenset[str]:
        """Return every task that this one waits for, directly or not."""
        above = self._above[key]
        return frozenset(other for other in self.keys if above & self._bit[other])

    def descendants(self, key: str) -> frozenset[str]:
        """Return every task that waits for this one, directly or not."""
        bit = self._bit[key]
        return frozenset(other for other in self.keys if self._above[other] & bit)

    def is_ancestor(self, key: str, *, of: str) -> bool:
        """Say whether task `of` waits for task `key`, directly or not."""
        return bool(self._above[of] & self._bit[key])

    def iterating(self, inner_key: str) -> str | None:
        """Return the For each task whose inner task has this key; None if there is none."""
        for key, task in self._tasks.items():
            if task.inner is not task and task.inner.task_key == inner_key:
                return key
        return None
