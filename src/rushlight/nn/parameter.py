"""Parameters: the tensors that a module trains; buffers: those that it only keeps."""

from __future__ import annotations

from typing import Any

from .. import devices
from ..errors import kind_of
from ..ops.creation import empty
from ..tensor import Tensor

__all__ = ["Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer", "is_lazy"]


def _around(cls: Any, data: Tensor | None, requires_grad: bool) -> Any:
    """A new tensor of class `cls` in the memory of `data`, without its history."""
    if data is None:
        data = empty(0)
    elif not isinstance(data, Tensor):
        raise TypeError(
            f"{cls.__name__}: data must be a Tensor, got {kind_of(data)}; use rushlight.tensor(data)"
        )
    new = cls._make(data._array)
    new._share_version(data)
    if requires_grad is not True and requires_grad is not False:
        raise TypeError(f"{cls.__name__}: requires_grad must be a bool, got {kind_of(requires_grad)}")
    if requires_grad:
        new.requires_grad = True
    return new


class Parameter(Tensor):
    """A tensor that a Module registers as a parameter when it is assigned to an attribute.

    Args:
        data: The values; the memory is shared with it.
        requires_grad: Whether it is trained. Default True.

    Raises:
        RuntimeError: `requires_grad` with an integer tensor.

    Example:
        >>> nn.Parameter(torch.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        return _around(cls, data, requires_grad)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __repr__(self) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return (type(self), (self.data, self.requires_grad))


class Buffer(Tensor):
    """A tensor that a Module registers as a buffer when it is assigned to an attribute.

    Args:
        data: The values; the memory is shared with it.
        persistent: Whether the module's `state_dict` contains it. Default True.

    Example:
        >>> m = nn.Module()
        >>> m.mean = nn.Buffer(torch.zeros(2))
        >>> list(m.state_dict())
        ['mean']
    """

    __slots__ = ("persistent",)
    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        new = _around(cls, data, data is not None and data.requires_grad)
        new.persistent = persistent
        return new

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __deepcopy__(self, memo: dict) -> Buffer:
        if id(self) not in memo:
            memo[id(self)] = Buffer(self.data.clone(), persistent=self.persistent)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return (_rebuild_buffer, (self.data, self.persistent))


def _rebuild_buffer(data: Tensor, persistent: bool) -> Buffer:
    return Buffer(data, persistent=persistent)


class _Uninitialized:
    """What parameters and buffers of lazy modules are until their shape is known."""

    __slots__ = ()
    _becomes: Any

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Get memory of `shape`, with no particular values, and become an ordinary parameter or buffer."""
        devices.check(device, "materialize")
        self.data = empty(shape, dtype=self.dtype if dtype is None else dtype)  # type: ignore[attr-defined,misc]
        self.__class__ = self._becomes

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            f"{type(self).__name__}.shape: the shape must be known, got an uninitialized tensor; call the module once "
            "with an example input first (lazy modules), or load a state_dict"
        )

    def size(self, dim: Any = None) -> Any:
        return self.shape

    def numel(self) -> Any:
        return self.shape

    def share_memory_(self) -> Any:
        return self.shape

    def _cast(self, **options: Any) -> Any:
        new = type(self)(requires_grad=self.requires_grad, **options)  # type: ignore[attr-defined,call-arg]
        return new

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Only the dtype (and the device, which can only be the CPU) can change."""
        new = Tensor.to(self, *args, **kwargs)  # type: ignore[arg-type,attr-defined]
        return self._cast(dtype=new.dtype)

    def float(self) -> Any:
        return self._cast(dtype=Tensor.float(self).dtype)  # type: ignore[arg-type,attr-defined]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict) -> Any:
        if id(self) not in memo:
            memo[id(self)] = self._cast(dtype=self.dtype)  # type: ignore[attr-defined]
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return (type(self), (self.requires_grad, None, self.dtype))  # type: ignore[attr-defined]


class UninitializedParameter(_Uninitialized, Parameter):  # type: ignore[misc]
    """A parameter of a lazy module before its first call: it has a dtype but no shape yet.

    Args:
        requires_grad: Whether it will be trained. Default True.
        dtype: Its element type; the default dtype if None.

    Example:
        >>> p = nn.UninitializedParameter()
        >>> p.materialize((2, 3))
        >>> p.shape
        torch.Size([2, 3])
    """

    __slots__ = ()
    _becomes = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: Any = None
    ) -> UninitializedParameter:
        devices.check(device, "UninitializedParameter")
        return _around(cls, empty(0, dtype=dtype), requires_grad)


class UninitializedBuffer(_Uninitialized, Buffer):  # type: ignore[misc]
    """A buffer of a lazy module before its first call: it has a dtype but no shape yet.

    Args:
        requires_grad: Whether gradients flow to it. Default False.
        dtype: Its element type; the default dtype if None.
        persistent: Whether the module's `state_dict` contains it. Default True.
    """

    __slots__ = ()
    _becomes = Buffer

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> UninitializedBuffer:
        devices.check(device, "UninitializedBuffer")
        new = _around(cls, empty(0, dtype=dtype), requires_grad)
        new.persistent = persistent
        return new


def is_lazy(param: Any) -> bool:
    """Whether it is a parameter or buffer without a shape yet."""
    return isinstance(param, _Uninitialized)
