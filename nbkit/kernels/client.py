"""Runs the cells of one notebook in one kernel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from nbclient.exceptions import CellExecutionComplete
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient

from nbkit import wire
from nbkit.errors import Cause, Failure
from nbkit.kernels import outcome
from nbkit.kernels.binding import binding, plain
from nbkit.kernels.kernelspecs import find_kernelspec
from nbkit.kernels.messages import Ear
from nbkit.kernels.outcome import KernelDiedError, NotebookFailed
from nbkit.kernels.streamed import joined
from nbkit.kernels.verdict import errors_of, judge, leaves_well
from nbkit.readable import readable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from nbformat import NotebookNode

    from nbkit.kernels.attempt import Attempt
    from nbkit.kernels.pool import Kernel
    from nbkit.kernels.record import AttemptRecord

_log = logging.getLogger(__name__)

_POLITE_SECONDS = 3
"""A notebook that is through may take this long for its exit handlers."""

_SILENCE_SECONDS = 10
"""The end of a cell's outputs is taken as lost after this long without any message."""

_NO_ANSWER = "the kernel is through with the cell, but could not say how it ended"

_TURN = 64


class AttemptClient(PapermillNotebookClient):  # type: ignore[misc]
    """Executes a notebook for one attempt.

    What it adds to nbclient: a kernel that may have been made ready ahead of use, messages
    between kernel and runner, an exit that is a success, one way to stop (interrupt, then kill)
    whatever the reason, and notice at once when the kernel dies.
    """

    def __init__(self, record: AttemptRecord, attempt: Attempt, **traits: Any) -> None:
        super().__init__(record, **traits)
        self._record = record
        self._attempt = attempt
        self._ear = Ear(attempt.listener)
        self._kernel: Kernel | None = None
        self._stopped: Cause | None = None
        self._killed = False
        self._executing = False
        self._over = False
        self._cells: dict[str, tuple[NotebookNode, int]] = {}
        self._hidden_errors: list[Mapping[str, Any]] = []
        self._request = ""
        self._seen = 0

    async def run(self, kernel_name: str) -> str | None:
        """Run the notebook and return its exit value.

        Raises:
            NotebookFailed: it did not succeed; the record knows which cell is to blame.
        """
        loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()
        self._heard = asyncio.Event()
        self._given_up: asyncio.Future[None] = loop.create_future()
        self._died: asyncio.Future[int] = loop.create_future()
        self._watched: set[asyncio.Future[Any]] = {self._given_up}
        self._killer: asyncio.Future[None] | None = None

        def stop(cause: Cause) -> None:
            loop.call_soon_threadsafe(self._stop, cause)

        polite = False
        try:
            with self._attempt.stop.watched(stop):
                await self._start(kernel_name)
                await self._run_cells()
            self.set_widgets_metadata()
            polite = True
        except NotebookFailed as failed:
            polite = failed.failure.cause == "cell_error"
            raise
        finally:
            await self._close(polite=polite)
        return self._ear.exit_value

    # The life of the kernel

    async def _start(self, kernel_name: str) -> None:
        context, limit = self._attempt.context, self._attempt.started_within_seconds
        try:
            spec = find_kernelspec(kernel_name)
            kernel = await self._attempt.pool.take(
                spec, context["directory"], plain(context["env"])
            )
            self._kernel = kernel
            self._died = asyncio.ensure_future(kernel.wait())
            self._watched.add(self._died)
            await self._until(asyncio.wait_for(self._shake_hands(kernel), limit))
            if kernel.speaks_python:
                await self._until(self._bind())
        except NotebookFailed:
            raise
        except KernelDiedError as death:
            raise self._not_started(outcome.describe_exit(death.status)) from None
        except ConnectionError as error:
            raise self._not_started(str(error)) from None
        except TimeoutError:
            raise self._not_started(f"no answer within {limit:g} s") from None
        except Exception as error:
            failure = outcome.failure_of(error, "kernel_not_started")
            raise NotebookFailed(failure) from error

    def _not_started(self, reason: str) -> NotebookFailed:
        assert self._kernel is not None
        message = f"The kernel did not start: {reason}"
        words = self._kernel.last_words()
        return NotebookFailed(Failure("kernel_not_started", message, traceback=words))

    async def _shake_hands(self, kernel: Kernel) -> None:
        await kernel.listening()
        self.km = kernel.manager
        self.kc = kernel.manager.client()
        self.kc.start_channels(stdin=False, hb=False)
        self._watched.add(asyncio.ensure_future(self._read_outputs()))
        self._watched.add(asyncio.ensure_future(self._ear.listen(kernel.messages)))
        info = await self._reply_to(self.kc.kernel_info())
        while not self._heard.is_set():  # outputs must arrive too before a cell may begin
            try:
                await asyncio.wait_for(self._heard.wait(), 0.2)
            except TimeoutError:
                await self._reply_to(self.kc.kernel_info())
        self.nb.metadata["language_info"] = info["language_info"]

    async def _bind(self) -> None:
        assert self._kernel is not None
        messages = str(self._kernel.messages)
        reply = await self._execute(binding({**self._attempt.context, "messages": messages}))
        verdict = judge(reply, ())
        if verdict.then == "fail":
            self._ear.hear()
            lost = self._ear.spark_lost
            found = outcome.cell_failure(verdict.error, cell=0, source="", spark_lost=lost)
            cause: Cause = "driver_lost" if found.cause == "driver_lost" else "kernel_not_started"
            message = f"The kernel could not be prepared: {found.message}"
            raise NotebookFailed(Failure(cause, message, found.error, found.traceback))

    async def _close(self, *, polite: bool) -> None:
        kernel = self._kernel
        if kernel is not None:
            if polite and not self._died.done():
                self.kc.shutdown()
                await asyncio.wait({self._died}, timeout=_POLITE_SECONDS)
            if not self._died.done():
                await kernel.kill()
                await self._died
        background = {*self._watched, *filter(None, [self._killer])}
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if self.kc is not None:
            self.kc.stop_channels()
        if kernel is not None:
            await kernel.clean_up()
            self._ear.close()

    def _stop(self, cause: Cause) -> None:
        if self._stopped is None:
            self._stopped = cause
            if self._executing:
                self._killer = asyncio.ensure_future(self._interrupt_then_kill())
            elif not self._given_up.done():
                self._given_up.set_result(None)

    async def _interrupt_then_kill(self) -> None:
        assert self._kernel is not None
        if self._kernel.interrupts_by_message:
            self.kc.control_channel.send(self.kc.session.msg("interrupt_request", {}))
        else:
            await self._kernel.interrupt()
        await asyncio.sleep(self._attempt.grace_seconds)
        self._killed = True
        await self._kernel.kill()

    async def _until(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Await `work`, but no longer than the kernel lives and nobody gives up on it."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, *self._watched}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._died.done():
            await self._take_last_outputs()
            raise KernelDiedError(self._died.result())
        for failed in self._watched:
            if failed.done():
                failed.result()
        assert self._stopped is not None
        raise NotebookFailed(Failure(self._stopped, "Stopped before the first cell"))

    # The cells

    async def _run_cells(self) -> None:
        cells = sum(map(self._runs, self.nb.cells))
        begun = 0
        for index, cell in enumerate(self.nb.cells):
            if self._stopped is not None:
                source = outcome.head(cell.source)
                message = "Stopped before this cell"
                raise NotebookFailed(Failure(self._stopped, message, cell=index, source=source))
            self._record.cell_start(cell, index)
            try:
                if self._runs(cell):
                    begun += 1
                    self._attempt.listener.progressed(begun, cells)
                    await self._run_cell(cell, index)
            except NotebookFailed as failed:
                self._record.cell_failed(index, failed.failure)
                raise
            except BaseException:
                self._record.cell_exception(cell, cell_index=index)
                raise
            finally:
                self._record.cell_complete(cell, cell_index=index)
            if self._over:
                break
        self._look_back()

    def _look_back(self) -> None:
        """See that no cell shows an error that came after its reply, from a thread.

        Raises:
            NotebookFailed: one does.
        """
        for cell, index in self._cells.values():
            verdict = judge({"status": "ok"}, errors_of(cell), may_fail=self._may_fail(cell))
            if verdict.then == "fail":
                failed = self._failed(verdict.error, cell=index, source=cell.source)
                self._record.cell_failed(index, failed.failure)
                raise failed

    def _runs(self, cell: NotebookNode) -> bool:
        skipped = self.skip_cells_with_tag in cell.metadata.get("tags", ())
        return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped

    async def _run_cell(self, cell: NotebookNode, index: int) -> None:
        limit = self._attempt.cell_timeout_seconds
        loop = asyncio.get_running_loop()
        timer = loop.call_later(limit, self._stop, "cell_timeout") if limit else None
        where: dict[str, Any] = {"cell": index, "source": cell.source}
        self._executing = True
        try:
            reply = await self._until(self._execute(cell.source, cell=cell, index=index))
        except KernelDiedError as death:
            if self._stopped is None:
                words = self._kernel.last_words() if self._kernel else ""
                failure = outcome.kernel_death(death.status, words, **where)
                raise NotebookFailed(failure) from None
            reply = {"status": "error"}
        finally:
            self._executing = False
            if timer is not None:
                timer.cancel()
            self._ear.hear()
        if self._stopped is not None:
            raise NotebookFailed(
                outcome.stopped(self._stopped, seconds=limit, killed=self._killed, **where)
            )
        verdict = judge(
            reply,
            [*errors_of(cell), *self._hidden_errors],
            exited=self._ear.exit_value is not None,
            may_fail=self._may_fail(cell),
        )
        if verdict.then == "fail":
            raise self._failed(verdict.error, **where)
        self._over = verdict.then == "leave"
        if not self._over:
            self._ear.exit_value = None
        elif self._ear.exit_value is not None:
            text = f"Notebook exited: {self._ear.exit_value}"
            cell.outputs.append(new_output("display_data", data={"text/plain": text}))

    def _failed(self, error: Mapping[str, Any], **where: Any) -> NotebookFailed:
        self._ear.exit_value = None
        return NotebookFailed(outcome.cell_failure(error, spark_lost=self._ear.spark_lost, **where))

    def _may_fail(self, cell: NotebookNode) -> bool:
        return self.allow_errors or "raises-exception" in cell.metadata.get("tags", ())

    # The messages

    async def _execute(
        self, code: str, *, cell: NotebookNode | None = None, index: int = 0
    ) -> dict[str, Any]:
        """Execute code, as a cell or silently, and return the reply when all outputs are in."""
        assert self.kc is not None
        silent = cell is None
        self._idle.clear()
        self._request = self.kc.execute(
            readable(code), silent=silent, store_history=not silent, allow_stdin=False
        )
        if cell is not None:
            cell.outputs = []
            cell.metadata["execution"] = {}
            self.clear_before_next_output = False
            self._hidden_errors = []
            self._cells[self._request] = cell, index
        reply = asyncio.ensure_future(self._reply_to(self._request))
        idle = asyncio.ensure_future(self._idle.wait())
        try:
            await asyncio.wait({reply, idle}, return_when=asyncio.FIRST_COMPLETED)
            if await self._follows(idle if reply.done() else reply):
                return reply.result()
            if reply.done():
                _log.warning("The kernel did not say that its outputs are complete")
                return reply.result()
            words = self._kernel.last_words().splitlines() if self._kernel else []
            return {"status": "error", "evalue": _NO_ANSWER, "traceback": words}
        finally:
            for waiting in (reply, idle):
                waiting.cancel()
            await asyncio.gather(reply, idle, return_exceptions=True)

    async def _follows(self, other: asyncio.Future[Any]) -> bool:
        """Wait for the other of reply and end of outputs; False when it is lost."""
        while not other.done():
            seen = self._seen
            await asyncio.wait({other}, timeout=_SILENCE_SECONDS)
            if seen == self._seen:
                break
        return other.done()

    async def _reply_to(self, request: str) -> dict[str, Any]:
        assert self.kc is not None
        while True:
            message = await self.kc.shell_channel.get_msg(timeout=None)
            if message["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = message["content"]
                return content

    async def _read_outputs(self) -> None:
        assert self.kc is not None
        while True:
            message = await self.kc.iopub_channel.get_msg(timeout=None)
            self._seen += 1
            self._heard.set()
            self._take(message)
            if self._seen % _TURN == 0:  # a flood of outputs must not keep timers waiting
                await asyncio.sleep(0)

    def _take(self, message: dict[str, Any]) -> None:
        content = message["content"]
        parent = message["parent_header"].get("msg_id")
        if parent in self._cells:
            if message["msg_type"] == "error" and self.output_hook_stack[parent]:
                self._hidden_errors.append(content)  # a widget shows it
            with contextlib.suppress(CellExecutionComplete):
                self.process_message(message, *self._cells[parent])
        if parent == self._request and content.get("execution_state") == "idle":
            self._idle.set()

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Add what a message says to its cell; text joins the text before it."""
        content = msg["content"]
        kind = msg["msg_type"]
        if kind == "error" and content.get("ename") == wire.NOTEBOOK_EXIT:
            return None
        if kind == "error" and leaves_well(content):
            content["evalue"] = "0"  # papermill, which judges too, knows no other spelling
        hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        alone = kind != "stream" or self.clear_before_next_output or hooked
        if alone or not joined(cell, content):
            return super().process_message(msg, cell, cell_index)
        self._record.autosave_cell()
        self.log_output_message(new_output("stream", **content))
        return None

    async def _take_last_outputs(self) -> None:
        seen = -1
        while seen != self._seen:
            seen = self._seen
            await asyncio.sleep(0.05)
