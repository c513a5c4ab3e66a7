"""The asyncio end of one worker: ask, wait, demote, stop, kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.store.address import Address
from service.store.frames import GREETING, LENGTHS, STATUS, Frame, pack

_OBITUARY_WAIT = 1.0


class WorkerGone(Exception):
    """The worker ended before its answer was whole."""


@dataclass(frozen=True)
class Ending:
    """How a worker ended: the number of the ``signal`` that did it, 0 when none or not known.

    ``cpu`` is the processor time of its whole life in seconds, 0 when not known.
    """

    signal: int
    cpu: float = 0.0


@dataclass
class Connection:
    """A worker that was forked for this connection; ``release`` is what it holds in memory.

    ``counted`` are the seconds of processor time of its life that have been charged to somebody;
    ``idled`` tells that it runs only when nothing else wants the processor.
    """

    address: Address
    channel: socket.socket
    pid: int
    release: int
    pidfd: int
    obituary: int
    counted: float = 0.0
    idled: bool = False

    @classmethod
    async def open(cls, address: Address) -> Connection:
        """Connect, which makes the zygote fork.

        Raises:
            OSError: nobody listens there.
            WorkerGone: the zygote could not fork.
        """
        loop = asyncio.get_running_loop()
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.setblocking(False)
        descriptors: list[int] = []
        try:
            await loop.sock_connect(channel, str(address.path))
            await _readable(channel.fileno())
            message, descriptors, *_ = socket.recv_fds(channel, GREETING.size, 2)
            if len(message) != GREETING.size or len(descriptors) != 2:
                raise WorkerGone("no greeting")
        except BaseException:
            channel.close()
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        pid, release = GREETING.unpack(message)
        return cls(address, channel, pid, release, descriptors[0], descriptors[1])

    async def send(self, head: dict[str, Any], body: bytes) -> None:
        """Send a request and wait until the worker has taken it.

        Raises:
            WorkerGone: it had ended before: nothing was done, so another may be asked.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self.channel, pack(head, body) + body)
        except OSError as error:
            raise WorkerGone("not sent") from error
        await self.frame()

    async def frame(self) -> Frame:
        """Return the next frame.

        Raises:
            WorkerGone: the connection ended first.
        """
        head_size, body_size = LENGTHS.unpack(await self._exactly(LENGTHS.size))
        head = await self._exactly(head_size)
        body = await self._exactly(body_size)
        return _decode(head), body

    async def _exactly(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            try:
                count = await loop.sock_recv_into(self.channel, view[done:])
            except OSError as error:
                raise WorkerGone("connection lost") from error
            if count == 0:
                raise WorkerGone("connection ended")
            done += count
        return bytes(data)

    async def ending(self, seconds: float) -> Ending:
        """Return how the worker ended, as the zygote tells it within ``seconds``.

        Call it after `WorkerGone`.
        """
        try:
            await asyncio.wait_for(_readable(self.obituary), min(seconds, _OBITUARY_WAIT))
        except TimeoutError:
            return Ending(0)
        data = os.read(self.obituary, STATUS.size)
        if len(data) < STATUS.size:
            return Ending(0)  # the zygote ended before its worker
        status, cpu = STATUS.unpack(data)
        return Ending(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, cpu)

    async def end(self, seconds: float) -> None:
        """End the worker and let go of it, ``seconds`` after this at the latest.

        Its memory is free when it has ended: one that runs only when nothing else wants the
        processor may take its time.
        """
        self.signal(signal.SIGKILL)
        try:
            await asyncio.wait_for(_readable(self.pidfd), seconds)
        except TimeoutError:
            return
        finally:
            self.close()

    def count(self, cpu: float) -> float:
        """Return the seconds that came on top since the last time; ``cpu`` is of its whole life."""
        new, self.counted = max(0.0, cpu - self.counted), max(cpu, self.counted)
        return new

    def cpu(self) -> float:
        """Return the processor time of its life so far in seconds, 0 when it has ended."""
        user, system = self._stat()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def private(self) -> int:
        """Return how many bytes are its own or have been (`service.store.worker`)."""
        return int(self._stat()[7]) * os.sysconf("SC_PAGE_SIZE")

    def _stat(self) -> list[str]:
        """Return what proc(5) says from the state on; zeros when it has ended."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return ["0"] * 50
        return text.rpartition(")")[2].split()

    def idle(self) -> None:
        """Let the worker run only when nothing else wants the processor."""
        self._schedule(os.SCHED_IDLE)
        self.idled = True

    def normal(self) -> bool:
        """Let the worker run as everything else; tell whether the kernel allows that again."""
        try:
            self._schedule(os.SCHED_OTHER)
        except PermissionError:
            return False
        self.idled = False
        return True

    def _schedule(self, policy: int) -> None:
        """Set how the kernel schedules the worker.

        The pidfd proves that the number still is this worker's: only the zygote frees it.
        """
        try:
            signal.pidfd_send_signal(self.pidfd, 0)
            os.sched_setscheduler(self.pid, policy, os.sched_param(0))
        except ProcessLookupError:
            return  # it has ended; whoever waits for its answer will see that

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when the worker has ended."""
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except ProcessLookupError:
            return

    def close(self) -> None:
        """Let go of the worker: it ends when it sees the connection close."""
        self.channel.close()
        os.close(self.pidfd)
        os.close(self.obituary)


def _decode(text: bytes) -> dict[str, Any]:
    return dict(json.loads(text))


async def _readable(descriptor: int) -> None:
    """Wait until there is something to read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
