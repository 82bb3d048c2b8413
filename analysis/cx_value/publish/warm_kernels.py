"""Kernels that start with their libraries loaded, forked from one process that imported them.

A build runs a dozen notebooks, each in a kernel of its own; each would spend two seconds of a
processor on importing the same libraries. On Linux a process of its own (run as a module, this file
is its program) imports them once and forks a kernel whenever it is asked to. Everywhere else, and
where that process fails, kernels start as Jupyter starts them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Lock
from typing import Any, NoReturn

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

#: What every notebook imports; what only some do is left to them, so that a result's record names
#: the packages that its own notebook used.
LOADED = (
    "numpy", "scipy.stats", "pandas", "matplotlib.pyplot", "matplotlib_inline.backend_inline",
    "IPython.core.interactiveshell", "ipykernel.kernelapp", "ipykernel.ipkernel",
    "cx_value.notebook.workspace", "cx_value.study", "cx_value.study.screening",
)  # fmt: skip
#: Read when a library is imported: a kernel that needs another value starts cold.
READ_ON_IMPORT = ("PYTHONPATH", "MPLBACKEND", "MPLCONFIGDIR", "OMP_NUM_THREADS")


class _Nursery:
    """The process that forks kernels, started when the first kernel is asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._environment: dict[str, str | None] = {}

    def fork(self, argv: list[str], folder: str, environment: dict[str, str]) -> int | None:
        """Return the number of a new kernel's process; None where there is no way to fork one."""
        if not sys.platform.startswith("linux"):
            return None
        asked = {"argv": argv, "folder": folder, "environment": environment}
        with self._lock, suppress(OSError, ValueError):
            process = self._opened(environment)
            if process is not None:
                process.stdin.write(json.dumps(asked) + "\n")
                process.stdin.flush()
                return int(process.stdout.readline())
        return None

    def _opened(self, environment: dict[str, str]) -> subprocess.Popen[str] | None:
        wanted = {name: environment.get(name) for name in READ_ON_IMPORT}
        if self._process is None or self._process.poll() is not None:
            self._environment = wanted
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True, env=environment, start_new_session=True,
            )  # fmt: skip
        return self._process if wanted == self._environment else None


_nursery = _Nursery()


class _Forked:
    """A forked kernel as far as a provisioner needs to know a process."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid, self.returncode = pid, None

    def poll(self) -> int | None:
        """Return None while the kernel runs; its parent reaps it, so that it is gone after."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            self.returncode = 0
        return self.returncode

    def wait(self) -> int | None:
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _WarmProvisioner(LocalProvisioner):
    """Forks a kernel; launches it as usual where that cannot be."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        environment = dict(kwargs.get("env") or os.environ)
        pid = None
        if cmd[1:3] == ["-m", "ipykernel_launcher"]:
            pid = _nursery.fork(cmd[3:], str(kwargs.get("cwd") or os.getcwd()), environment)
        if pid is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = _Forked(pid), pid, pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info


class WarmKernelManager(AsyncKernelManager):
    """A manager whose kernels are forked."""

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        if self.provisioner is None:
            self.provisioner = _WarmProvisioner(
                kernel_id=self.kernel_id or "", kernel_spec=self.kernel_spec, parent=self
            )
        return await super()._async_pre_start_kernel(**kwargs)


def main() -> None:
    """Import what kernels need, then fork one for every line that comes in, until none can."""
    import importlib

    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for name in LOADED:
        importlib.import_module(name)
    # Nobody waits for the kernels: the system takes them away when they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.close(answers)
            _become_kernel(**json.loads(line))
        os.write(answers, f"{pid}\n".encode())


def _become_kernel(argv: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Turn this process into a kernel as ``python -m ipykernel_launcher`` would start it."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environment)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.chdir(folder)
    # Read from the environment on import, which was long ago: who forked it takes it along.
    watched = f"--IPKernelApp.parent_handle={os.getppid()}"
    sys.argv = ["ipykernel_launcher", *argv, watched]
    from ipykernel import kernelapp

    try:
        kernelapp.launch_new_instance()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
