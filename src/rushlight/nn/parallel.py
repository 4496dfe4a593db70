"""`DataParallel` and `DistributedDataParallel` where there is one device and one process: they run the module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from .modules.module import Module

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


def _no_devices(devices: Any, function: str) -> None:
    if devices:
        raise RuntimeError(
            f"{function}: device_ids must be None or empty, got {list(devices)}; there is no accelerator here"
        )


class DataParallel(Module):
    """A module for several devices: there is one here, so `forward` is the module's. Its keys begin with `module.`

    Args:
        module: The module.
        device_ids: Must be None or empty.
        output_device: Must be None.
        dim: The dim of the batch.
    """

    def __init__(
        self, module: Module, device_ids: Sequence | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        _no_devices(device_ids, "DataParallel")
        _no_devices(None if output_device is None else [output_device], "DataParallel")
        self.module = module
        self.device_ids: list = []
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's result."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict | None = None,
) -> Any:
    """`module(*inputs, **module_kwargs)`; arguments as of `DataParallel`."""
    _no_devices(device_ids, "data_parallel")
    _no_devices(None if output_device is None else [output_device], "data_parallel")
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """A module for several processes: there is one here, whose gradients need no averaging. See `torch.distributed`.

    The options tell how gradients travel between processes and have nothing to act on.

    Raises:
        ValueError: `init_process_group` has not been called.
        RuntimeError: no parameter requires a gradient, or `device_ids` names a device.
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence | None = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool | None = None,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: Any = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        from ..distributed import get_world_size

        get_world_size(process_group)  # the error of a group that was not made
        _no_devices(device_ids, "DistributedDataParallel")
        _no_devices(None if output_device is None else [output_device], "DistributedDataParallel")
        if not any(p.requires_grad for p in module.parameters()):
            raise RuntimeError(
                "DistributedDataParallel: module must have a parameter that requires a gradient"
            )
        self.module = module
        self.dim = dim
        self.find_unused_parameters, self.static_graph = find_unused_parameters, static_graph
        self.require_backward_grad_sync = True

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's result."""
        return self.module(*inputs, **kwargs)

    @contextlib.contextmanager
    def no_sync(self) -> Iterator[None]:
        """A context in which gradients are not averaged over processes: there is one."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    @contextlib.contextmanager
    def join(
        self,
        divide_by_initial_world_size: bool = True,
        enable: bool = True,
        throw_on_early_termination: bool = False,
    ) -> Iterator[None]:
        """A context for uneven inputs of several processes: there is one."""
        yield

    def register_comm_hook(self, state: object, hook: Any) -> None:
        """An error: nothing is communicated that a hook could change."""
        raise NotImplementedError(
            "DistributedDataParallel: communication hooks are not there, there is one process; change gradients with "
            "parameter.register_hook"
        )
