"""Several hosts on one machine, each with its own network where the kernel allows it.

Otherwise they are loopback addresses, which share ports and routes.
"""

import ctypes
import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Host:
    """A host. `namespace` is a file descriptor; None means the shared loopback."""

    name: str
    address: str
    namespace: int | None = None

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Put the processes and sockets that this thread opens in the block on this host."""
        if self.namespace is None:
            yield
            return
        before = _namespace_of_this_thread()
        try:
            _enter(self.namespace)
            yield
        finally:
            _enter(before)
            os.close(before)


@contextmanager
def hosts(*names: str, own_networks: bool = True) -> Iterator[list[Host]]:
    """Connect hosts that this thread, and threads it starts in the block, can reach.

    No cleanup is needed: a network disappears with its last process.
    """
    before = _namespace_of_this_thread()
    try:
        try:
            connected = _connect(names) if own_networks else []
        except (OSError, subprocess.CalledProcessError):
            _enter(before)
            connected = []
        if not connected:
            connected = [Host(name, f"127.0.0.{n}") for n, name in enumerate(names, 2)]
        yield connected
        for host in connected:
            if host.namespace is not None:
                os.close(host.namespace)
    finally:
        _enter(before)
        os.close(before)


def _connect(names: tuple[str, ...]) -> list[Host]:
    """Connect networks by a bridge in a network of its own, and move this thread into it.

    Raises:
        OSError, CalledProcessError: this is not allowed here, or `ip` is not installed.
    """
    _new_namespace()
    _ip("link set lo up")
    _ip("link add hosts type bridge")
    _ip("address add 10.77.0.254/24 dev hosts")
    _ip("link set hosts up")
    return [_attach(name, number) for number, name in enumerate(names, 1)]


def _attach(name: str, number: int) -> Host:
    centre = _namespace_of_this_thread()
    try:
        _new_namespace()
        host = Host(name, f"10.77.0.{number}", _namespace_of_this_thread())
    finally:
        _enter(centre)
        os.close(centre)
    _ip(f"link add port{number} type veth peer name eth0")
    _ip(f"link set eth0 netns /proc/{os.getpid()}/fd/{host.namespace}")
    _ip(f"link set port{number} master hosts up")
    with host.inside():
        _ip("link set lo up")
        _ip(f"address add {host.address}/24 dev eth0")
        _ip("link set eth0 up")
    return host


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, stderr=subprocess.DEVNULL)


def _namespace_of_this_thread() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


def _new_namespace() -> None:
    if _libc.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def _enter(namespace: int) -> None:
    # Without permission, the thread never left its namespace.
    if _libc.setns(namespace, _CLONE_NEWNET) and ctypes.get_errno() != errno.EPERM:
        raise OSError(ctypes.get_errno(), "setns")
