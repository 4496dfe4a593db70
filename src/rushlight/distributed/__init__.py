"""`torch.distributed` for a world of one process.

A program for several processes runs in one: `init_process_group` makes a group of this process alone, and the
collective operations give what they give in such a group. A larger world is an error at `init_process_group`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor

__all__ = [
    "Backend",
    "ProcessGroup",
    "ReduceOp",
    "Work",
    "all_gather",
    "all_gather_into_tensor",
    "all_gather_object",
    "all_reduce",
    "all_to_all",
    "all_to_all_single",
    "barrier",
    "broadcast",
    "broadcast_object_list",
    "destroy_process_group",
    "gather",
    "gather_object",
    "get_backend",
    "get_process_group_ranks",
    "get_rank",
    "get_world_size",
    "group",
    "init_process_group",
    "irecv",
    "is_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "isend",
    "monitored_barrier",
    "new_group",
    "recv",
    "reduce",
    "reduce_scatter",
    "reduce_scatter_tensor",
    "scatter",
    "scatter_object_list",
    "send",
]


class ReduceOp:
    """How values of several processes become one; with one process all of them give its value."""

    SUM, AVG, PRODUCT, MIN, MAX = "SUM", "AVG", "PRODUCT", "MIN", "MAX"
    BAND, BOR, BXOR = "BAND", "BOR", "BXOR"


class Backend(str):
    """The name of a way to communicate."""

    GLOO, NCCL, MPI, UCC, UNDEFINED = "gloo", "nccl", "mpi", "ucc", "undefined"


class ProcessGroup:
    """The group of this process alone."""

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def rank(self) -> int:
        """0."""
        return 0

    def size(self) -> int:
        """1."""
        return 1


class Work:
    """An operation that was started: it is done."""

    def wait(self, timeout: Any = None) -> bool:
        """True."""
        return True

    def is_completed(self) -> bool:
        """True."""
        return True

    is_success = is_completed


class _Group(type):
    @property
    def WORLD(cls) -> ProcessGroup | None:  # noqa: N802 - PyTorch's name
        return _world


class group(metaclass=_Group):  # noqa: N801 - PyTorch's name
    """`group.WORLD` is the group of all processes."""


_world: ProcessGroup | None = None


def is_available() -> bool:
    """True: for one process."""
    return True


def is_initialized() -> bool:
    """Whether `init_process_group` was called."""
    return _world is not None


def is_torchelastic_launched() -> bool:
    """False."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


is_gloo_available = is_mpi_available = is_nccl_available


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
    _ranks: list[int] | None = None,
) -> None:
    """Make the group of this process alone.

    Args:
        backend: Its name is kept.
        init_method: How processes find each other: 'env://' (the default) reads WORLD_SIZE and RANK.
        world_size: Must be 1; default: the environment's WORLD_SIZE.
        rank: Must be 0; default: the environment's RANK.
        timeout, store, group_name, pg_options, device_id: Of communication, which there is none of.
    Raises:
        NotImplementedError: the world has more than one process.
        ValueError: it is made already, or its size is given nowhere.
    """
    global _world
    if _world is not None:
        raise ValueError(
            "init_process_group: must be called once (trying to initialize the default process group twice)"
        )
    given = {"WORLD_SIZE": world_size, "RANK": rank}
    from_environment = init_method in (None, "env://") and store is None
    for name, value in given.items():
        if value < 0:
            if not (from_environment and name in os.environ):
                raise ValueError(
                    f"init_process_group: {name.lower()} must be given, or the environment variable {name} (expected, but "
                    "not set)"
                )
            given[name] = int(os.environ[name])
    if given["WORLD_SIZE"] != 1 or given["RANK"] != 0:
        raise NotImplementedError(
            f"init_process_group: world_size must be 1 and rank 0, got {given['WORLD_SIZE']} and {given['RANK']}; training "
            "over several processes is not there, start the program once (its kernels use all cores)"
        )
    _world = ProcessGroup(backend or "gloo")


def destroy_process_group(group: Any = None) -> None:
    """Undo `init_process_group`."""
    global _world
    _need(group)
    if group is None or group is _world:
        _world = None


def _need(group: Any = None) -> ProcessGroup:
    if _world is None:
        raise ValueError(
            "distributed: Default process group has not been initialized, please make sure to call init_process_group."
        )
    return group or _world


def get_rank(group: Any = None) -> int:
    """0."""
    return _need(group).rank()


def get_world_size(group: Any = None) -> int:
    """1."""
    return _need(group).size()


def get_backend(group: Any = None) -> str:
    """The name given to `init_process_group`."""
    return _need(group).backend


def get_process_group_ranks(group: Any = None) -> list[int]:
    """[0]."""
    _need(group)
    return [0]


def new_group(
    ranks: Sequence[int] | None = None,
    timeout: Any = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: Any = None,
    device_id: Any = None,
    sort_ranks: bool = True,
) -> ProcessGroup:
    """Another group of this process alone."""
    world = _need()
    if ranks is not None and list(ranks) != [0]:
        raise ValueError(f"new_group: ranks must be [0], the only process, got {list(ranks)}")
    return ProcessGroup(backend or world.backend)


def _one(function: str, **ranks: int | None) -> None:
    for name, rank in ranks.items():
        if rank not in (None, 0):
            raise ValueError(f"{function}: {name} must be 0, the only process, got {rank}")


def _done(async_op: bool) -> Work | None:
    return Work() if async_op else None


def all_reduce(
    tensor: Tensor, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False
) -> Work | None:
    """Over one process every reduction leaves the tensor as it is."""
    _need(group)
    return _done(async_op)


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: Any = ReduceOp.SUM,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """As `all_reduce`; `dst` must be this process."""
    _need(group)
    _one("reduce", dst=dst, group_dst=group_dst)
    return _done(async_op)


def broadcast(
    tensor: Tensor,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """The tensor is this process's already."""
    _need(group)
    _one("broadcast", src=src, group_src=group_src)
    return _done(async_op)


def _copy(to: Any, value: Tensor) -> None:
    to.copy_(value.detach())


def _only(values: Sequence, function: str, name: str) -> Any:
    if len(values) != 1:
        raise ValueError(f"{function}: {name} must have one element for each process (1), got {len(values)}")
    return values[0]


def all_gather(tensor_list: list, tensor: Tensor, group: Any = None, async_op: bool = False) -> Work | None:
    """Copy the tensor into the list's only one."""
    _need(group)
    _copy(_only(tensor_list, "all_gather", "tensor_list"), tensor)
    return _done(async_op)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Any = None, async_op: bool = False
) -> Work | None:
    """Copy one into the other, which may have a first dim of size 1 more."""
    _need(group)
    _copy(output_tensor, input_tensor.reshape(output_tensor.shape))  # type: ignore[attr-defined]
    return _done(async_op)


def gather(
    tensor: Tensor,
    gather_list: list | None = None,
    dst: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Copy the tensor into the list's only one."""
    _need(group)
    _one("gather", dst=dst, group_dst=group_dst)
    if gather_list is None:
        raise ValueError("gather: gather_list must be given on the destination, which this process is")
    _copy(_only(gather_list, "gather", "gather_list"), tensor)
    return _done(async_op)


def scatter(
    tensor: Tensor,
    scatter_list: list | None = None,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Copy the list's only tensor."""
    _need(group)
    _one("scatter", src=src, group_src=group_src)
    if scatter_list is None:
        raise ValueError("scatter: scatter_list must be given on the source, which this process is")
    _copy(tensor, _only(scatter_list, "scatter", "scatter_list"))
    return _done(async_op)


def reduce_scatter(
    output: Tensor, input_list: list, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False
) -> Work | None:
    """Copy the list's only tensor."""
    _need(group)
    _copy(output, _only(input_list, "reduce_scatter", "input_list"))
    return _done(async_op)


def reduce_scatter_tensor(
    output: Tensor, input: Tensor, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False
) -> Work | None:
    """Copy one into the other."""
    return all_gather_into_tensor(output, input, group, async_op)


def all_to_all(
    output_tensor_list: list, input_tensor_list: list, group: Any = None, async_op: bool = False
) -> Work | None:
    """Copy the only tensor of one list into that of the other."""
    _need(group)
    _copy(
        _only(output_tensor_list, "all_to_all", "output_tensor_list"),
        _only(input_tensor_list, "all_to_all", "input_tensor_list"),
    )
    return _done(async_op)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: list | None = None,
    input_split_sizes: list | None = None,
    group: Any = None,
    async_op: bool = False,
) -> Work | None:
    """Copy one into the other."""
    _need(group)
    for sizes, name in ((output_split_sizes, "output_split_sizes"), (input_split_sizes, "input_split_sizes")):
        if sizes:
            _only(sizes, "all_to_all_single", name)
    _copy(output, input)
    return _done(async_op)


def all_gather_object(object_list: list, obj: Any, group: Any = None) -> None:
    """Put the object into the list."""
    _need(group)
    _only(object_list, "all_gather_object", "object_list")
    object_list[0] = obj


def gather_object(
    obj: Any,
    object_gather_list: list | None = None,
    dst: int | None = None,
    group: Any = None,
    group_dst: int | None = None,
) -> None:
    """Put the object into the list."""
    _one("gather_object", dst=dst, group_dst=group_dst)
    if object_gather_list is None:
        raise ValueError(
            "gather_object: object_gather_list must be given on the destination, which this process is"
        )
    all_gather_object(object_gather_list, obj, group)


def broadcast_object_list(
    object_list: list,
    src: int | None = None,
    group: Any = None,
    device: Any = None,
    group_src: int | None = None,
) -> None:
    """The objects are this process's already."""
    _need(group)
    _one("broadcast_object_list", src=src, group_src=group_src)


def scatter_object_list(
    scatter_object_output_list: list,
    scatter_object_input_list: list | None = None,
    src: int | None = None,
    group: Any = None,
    group_src: int | None = None,
) -> None:
    """Put the input's only object into the output list."""
    _need(group)
    _one("scatter_object_list", src=src, group_src=group_src)
    scatter_object_output_list[0] = _only(
        scatter_object_input_list or (), "scatter_object_list", "scatter_object_input_list"
    )


def barrier(
    group: Any = None, async_op: bool = False, device_ids: Any = None, timeout: Any = None
) -> Work | None:
    """Nobody to wait for."""
    _need(group)
    return _done(async_op)


def monitored_barrier(group: Any = None, timeout: Any = None, wait_all_ranks: bool = False) -> None:
    """Nobody to wait for."""
    _need(group)


def send(
    tensor: Tensor, dst: int | None = None, group: Any = None, tag: int = 0, group_dst: int | None = None
) -> None:
    """An error: there is no other process."""
    _need(group)
    raise ValueError("send: dst must be another process, and there is none")


def recv(
    tensor: Tensor, src: int | None = None, group: Any = None, tag: int = 0, group_src: int | None = None
) -> int:
    """An error: there is no other process."""
    _need(group)
    raise ValueError("recv: src must be another process, and there is none")


isend, irecv = send, recv
