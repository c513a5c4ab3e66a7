"""The zygote: one single-threaded process that holds a release in memory and forks workers.

``python -m service.store.zygote PARENT STORE SOCKET RELEASE LIMITS TRIPLES`` loads the store,
listens on the Unix socket and forks a worker for each connection (`service.store.worker`). It stays
the parent of its workers, so it alone learns how each ended, and tells the other side over a pipe.
SIGTERM: take no more connections, end when the last worker has.

A store that would take more memory than the limits allow is left on disk: each worker opens it.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from pyoxigraph import RdfFormat, Store

from service.store import worker
from service.store.children import die_with, take_small_pages
from service.store.frames import GREETING, STATUS
from service.store.limits import Limits

_BACKLOG = 128
_TRIPLE = 400  # bytes that a triple takes in memory


def load(public: Path) -> Store:
    """Return the quads of an on-disk store in a store in memory.

    The disk store is opened in a child: RocksDB leaves threads behind, and a process with threads
    cannot be forked safely. The memory is taken by a thread that ends: malloc gives each thread a
    region of its own, so a worker does not use what loading left free between the triples. It would
    copy a page for each piece (a point query took eight times as long).

    Raises:
        OSError: the store cannot be read.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)  # or it would wait for ever to be read when its parent has ended
        _dump(public, writer)
    os.close(writer)
    engine = Store()
    with os.fdopen(reader, "rb", buffering=1 << 20) as pipe, ThreadPoolExecutor(1) as thread:
        thread.submit(engine.bulk_load, pipe, RdfFormat.N_QUADS).result()
    if os.waitpid(child, 0)[1] != 0:
        raise OSError(f"the store {public} could not be read")
    return engine


def _dump(public: Path, writer: int) -> NoReturn:
    """Write the quads of a store to a pipe and end the process; status 1 when that failed."""
    code = 1
    try:
        with os.fdopen(writer, "wb") as pipe:
            Store.read_only(str(public)).dump(pipe, format=RdfFormat.N_QUADS)
        code = 0
    except OSError as error:
        print(f"zygote: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


class Zygote:
    """Forks workers and reaps them."""

    def __init__(self, source: Store | Path, path: Path, release: int, limits: Limits) -> None:
        self._source = source
        self._path = path
        self._release = release
        self._limits = limits
        self._ends: dict[int, int] = {}  # pid → the writing end of its pipe
        self._drain_until: float | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def run(self) -> None:
        """Serve until SIGTERM and the end of the last worker."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._drain())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._listen()
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(wake_read, selectors.EVENT_READ)
            while self._drain_until is None:
                for key, _ in selector.select():
                    if key.fd == wake_read:
                        os.read(wake_read, 4096)
                        self._reap()
                    elif self._drain_until is None:
                        self._fork()
        self._finish()

    def _listen(self) -> None:
        """Bind under another name first: whoever sees the socket can connect to it."""
        unready = self._path.with_suffix(".new")
        self._listener.bind(str(unready))
        self._listener.listen(_BACKLOG)
        self._listener.setblocking(False)
        unready.rename(self._path)

    def _drain(self) -> None:
        if self._drain_until is None:
            self._drain_until = time.monotonic() + self._limits.timeout + 5

    def _finish(self) -> None:
        """Wait for the workers; those that outlive every deadline are killed."""
        self._listener.close()
        self._path.unlink(missing_ok=True)
        while self._ends:
            self._reap()
            if time.monotonic() > (self._drain_until or 0):
                for pid in self._ends:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def _reap(self) -> None:
        while self._ends:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            end = self._ends.pop(pid)
            try:
                os.write(end, STATUS.pack(status, usage.ru_utime + usage.ru_stime))
            except BrokenPipeError:
                pass  # nobody waits for this worker any more
            finally:
                os.close(end)

    def _fork(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # the client gave up between select and accept
        connection.setblocking(True)
        reader, writer = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            print(f"zygote: cannot fork: {error}", file=sys.stderr, flush=True)
            connection.close()
            os.close(reader)
            os.close(writer)
            return
        if pid == 0:
            self._become_worker(connection)
        self._ends[pid] = writer
        self._greet(connection, pid, reader)

    def _become_worker(self, connection: socket.socket) -> NoReturn:
        """Serve in the child and never return; a fault ends the process with status 70."""
        signal.set_wakeup_fd(-1)
        code = 70
        try:
            worker.run(connection, self._source, self._limits)
            code = 0
        except OSError:
            code = 0  # the other side is gone
        finally:
            os._exit(code)

    def _greet(self, connection: socket.socket, pid: int, reader: int) -> None:
        """Send the worker's pidfd and the pipe that will tell how it ended."""
        pidfd = os.pidfd_open(pid)
        try:
            message = GREETING.pack(pid, self._release)
            socket.send_fds(connection, [message], [pidfd, reader])
        except OSError:
            os.kill(pid, signal.SIGKILL)
        finally:
            os.close(pidfd)
            os.close(reader)
            connection.close()


def main(arguments: list[str]) -> int:
    """Run a zygote; returns its exit code."""
    parent, public, path, release, text, triples = arguments
    die_with(int(parent))
    take_small_pages()
    limits = Limits.from_json(text)
    fits = int(triples) * _TRIPLE <= limits.in_memory
    source = load(Path(public)) if fits else Path(public)
    gc.collect()
    gc.freeze()  # keeps the collector from writing to pages that workers share
    gc.disable()
    Zygote(source, Path(path), int(release), limits).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
