"""`Tensor`: a NumPy array, autograd's fields, and what does not compute: sizes, types, conversions, hooks.

What computes is in `ops/`, one family a file; `@method()` there puts a function on the class.
"""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from . import devices, dtypes
from .autograd.core import TensorBase, bind, is_grad_enabled
from .autograd.inplace import inplace
from .errors import kind_of, warn
from .kernels import _C
from .public import public

__all__ = ["Size", "Tensor", "into", "is_tensor", "method", "wrap"]

F = TypeVar("F", bound=Callable[..., Any])


class Size(tuple):
    """A tensor's shape: a tuple of ints that prints as PyTorch's.

    Example:
        >>> rushlight.zeros(2, 3).shape
        torch.Size([2, 3])
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements: the product of the sizes."""
        n = 1
        for s in self:
            n *= s
        return n

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, other)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, n: Any) -> Any:
        return Size(tuple.__mul__(self, n))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return (Size, (tuple(self),))


class Tensor(TensorBase):
    """A multi-dimensional array of one type, with gradients. Made by `rushlight.tensor` and its like.

    As a constructor it is PyTorch's old one: `Tensor(2, 3)` is uninitialized memory of that shape, `Tensor([2, 3])`
    holds those numbers, both in the default dtype.
    """

    def __new__(cls, *args: Any, device: Any = None) -> Any:
        return cls._make(_legacy(args, device, dtypes.get_default_dtype()))

    @staticmethod
    def _make_subclass(cls: Any, data: Tensor, require_grad: bool = False) -> Any:
        """A tensor of class `cls` that shares the memory of `data`."""
        t = cls._make(data._array)
        if require_grad:
            t.requires_grad = True
        return t

    def as_subclass(self, cls: type) -> Any:
        """This tensor, sharing memory, as an object of the Tensor subclass `cls`."""
        return Tensor._make_subclass(cls, self, self.requires_grad)

    # -- shape and type ---------------------------------------------------------------------------
    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dim."""
        if dim is None:
            return Size(self._array.shape)
        shape = self._array.shape
        try:
            return shape[dim]
        except IndexError:
            n = len(shape)
            raise IndexError(
                f"size: dim must be in [{-n}, {n - 1}] (Dimension out of range), got {dim}"
                if n
                else f"size: a 0-d tensor has no dim to give the size of, got {dim}"
            ) from None

    @property
    def device(self) -> devices.device:
        return devices.cpu

    @property
    def layout(self) -> dtypes.layout:
        return dtypes.strided

    @property
    def itemsize(self) -> int:
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        return self._array.nbytes

    def element_size(self) -> int:
        """The size of one element in bytes."""
        return self._array.itemsize

    def get_device(self) -> int:
        """-1: the CPU has no number."""
        return -1

    def stride(self, dim: int | None = None) -> Any:
        """How many elements apart neighbours along each dim lie in memory."""
        array = self._array
        item = array.itemsize or 1
        strides = [s // item for s in array.strides]
        if not array.size and not any(strides):  # nothing to stride over: as in a new tensor
            strides = [math.prod([max(n, 1) for n in array.shape[i + 1 :]]) for i in range(array.ndim)]
        for i in range(array.ndim - 1, -1, -1):
            # NumPy gives a new axis of size 1 stride 0; PyTorch, that of a contiguous tensor.
            if strides[i] == 0 and array.shape[i] == 1:
                strides[i] = strides[i + 1] * max(array.shape[i + 1], 1) if i + 1 < array.ndim else 1
        return tuple(strides) if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """How many elements into its memory the tensor begins."""
        array = self._array
        return (address(array) - address(memory(array))) // (array.itemsize or 1)

    def data_ptr(self) -> int:
        """The address of the first element; 0 for an empty tensor."""
        return address(self._array) if self._array.size else 0

    def dim_order(self, *, ambiguity_check: bool | list = False) -> tuple[int, ...]:
        """The dims from the one whose neighbours lie farthest apart in memory to the one where they are nearest.

        Args:
            ambiguity_check: Whether an order that is not the only one (dims of size 1, equal strides) is an error; or a
                list of memory formats, exactly one of which the tensor must then have.
        Raises:
            RuntimeError: the order is ambiguous.
        """
        formats = ambiguity_check if isinstance(ambiguity_check, list) else []
        if not isinstance(ambiguity_check, (bool, list)) or not all(
            isinstance(f, dtypes.memory_format) for f in formats
        ):
            raise TypeError(
                f"dim_order: ambiguity_check must be a bool or a list of memory formats, got {ambiguity_check!r}"
            )
        strides = self.stride()
        several = self.ndim > 1 and (len(set(strides)) < self.ndim or 1 in self._array.shape or 0 in strides)
        if ambiguity_check and several and sum(self.is_contiguous(f) for f in formats) != 1:
            raise RuntimeError(
                f"dim_order: the tensor must have a unique dim order, got shape {tuple(self._array.shape)} and strides "
                f"{strides}"
            )
        return tuple(sorted(range(self.ndim), key=lambda d: -strides[d]))

    def is_contiguous(self, memory_format: Any = dtypes.contiguous_format) -> bool:
        """Whether the elements lie in memory in order (of `memory_format`)."""
        array = self._array
        if memory_format is dtypes.contiguous_format:
            return array.flags.c_contiguous
        if not isinstance(memory_format, dtypes.memory_format):
            raise TypeError(
                f"is_contiguous: memory_format must be a torch.memory_format, got {kind_of(memory_format)}"
            )
        n = 4 if memory_format is dtypes.channels_last else 5
        return array.ndim == n and np.moveaxis(array, 1, -1).flags.c_contiguous

    def is_floating_point(self) -> bool:
        """Whether the dtype is a real floating-point type."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype can hold negative numbers."""
        return self.dtype.is_signed

    def is_same_size(self, other: Tensor) -> bool:
        """Whether the shapes are equal."""
        return self._array.shape == other._array.shape

    is_cuda = is_sparse = is_quantized = is_meta = is_mps = is_xpu = is_mkldnn = is_nested = False
    is_cpu = True
    name: Any = property(lambda self: None)
    names: Any = property(lambda self: (None,) * self.ndim)

    def is_pinned(self) -> bool:
        """False: pinned memory is for copies to accelerators."""
        return False

    def pin_memory(self) -> Tensor:
        """An error, as in PyTorch: there is no accelerator to pin memory for."""
        raise RuntimeError(
            "pin_memory: Cannot access accelerator device when none is available; leave the call away, or write "
            "`if torch.cuda.is_available()` before it"
        )

    def is_shared(self) -> bool:
        """Whether the memory is shared between processes."""
        owner: Any = self._array
        while isinstance(owner, (np.ndarray, memoryview)):
            owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
        return any(kind.__name__ == "mmap" for kind in type(owner).__mro__)

    def share_memory_(self) -> Tensor:
        """Move the values into memory that other processes can share; see `multiprocessing`.

        Other tensors that share memory with this one stay where they are.
        """
        from .multiprocessing.shared import share

        return share(self)

    def is_inference(self) -> bool:
        """False: tensors made in inference mode are ordinary ones here."""
        return False

    def untyped_storage(self) -> Any:
        """The memory behind the tensor, as bytes."""
        from .storage import UntypedStorage

        return UntypedStorage(memory(self._array))

    def storage(self) -> Any:
        """The memory behind the tensor, as elements of its type."""
        from .storage import TypedStorage

        return TypedStorage._of(memory(self._array), self.dtype)

    def storage_type(self) -> type:
        """The class of `storage()`."""
        return type(self.storage())

    # -- gradients --------------------------------------------------------------------------------
    @property
    def data(self) -> Tensor:
        """The same memory with no history; changes through it are not noticed by autograd."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"data: must be a Tensor, got {kind_of(value)}")
        if self._requires_grad and value.dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                "data: must be of a floating point or complex dtype, as the tensor requires gradients, got "
                f"{value.dtype}"
            )
        self._array = value._array
        if self.grad_fn is not None:
            self._bump()  # what is saved of it is the old memory; of a leaf, the leaf itself

    def detach(self) -> Tensor:
        """The same memory with no history; an in-place change is noticed by both."""
        return self._alias()

    def detach_(self) -> Tensor:
        """Cut this tensor off from its history."""
        if self._base is not None:
            raise RuntimeError("detach_: a view cannot be detached in place; use .detach()")
        self._set_history(None, 0)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`; gives the tensor itself."""
        if requires_grad is not True and requires_grad is not False:
            raise TypeError(f"requires_grad_: requires_grad must be a bool, got {kind_of(requires_grad)}")
        self.requires_grad = requires_grad
        return self

    @property
    def output_nr(self) -> int:
        return self._output_nr

    def _is_view(self) -> bool:
        return self._base is not None

    @property
    def retains_grad(self) -> bool:
        return self._retains_grad

    def retain_grad(self) -> None:
        """Keep `.grad` of this tensor though it is no leaf."""
        if not self.requires_grad:
            raise RuntimeError("retain_grad: can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._retains_grad:
            return
        self._retains_grad = True
        me = weakref.ref(self)  # NOTE [No cycles]: the hook is held by the node, which this tensor holds

        def keep(g: Tensor) -> None:
            tensor = me()
            if tensor is not None:
                tensor._grad = g if tensor._grad is None else tensor._grad + g

        self.register_hook(keep)

    def register_hook(self, hook: Callable) -> Any:
        """Call `hook(grad)` when this tensor's gradient is known; what it gives, if not None, replaces it."""
        from .utils.hooks import RemovableHandle

        if not self.requires_grad:
            raise RuntimeError(
                "register_hook: cannot register a hook on a tensor that doesn't require gradient"
            )
        holder: Any = self if self.grad_fn is None else self.grad_fn
        if holder._hooks is None:
            holder._hooks = {}
        handle = RemovableHandle(holder._hooks)
        holder._hooks[handle.id] = (self._output_nr, hook)
        return handle

    def register_post_accumulate_grad_hook(self, hook: Callable) -> Any:
        """Call `hook(tensor)` after a gradient was added to this leaf's `.grad`."""
        from .utils.hooks import RemovableHandle

        if not self.requires_grad or self.grad_fn is not None:
            raise RuntimeError(
                "register_post_accumulate_grad_hook: the tensor must be a leaf that requires grad"
            )
        if getattr(self, "_post_accumulate_hooks", None) is None:
            self._post_accumulate_hooks: dict = {}
        handle = RemovableHandle(self._post_accumulate_hooks)
        self._post_accumulate_hooks[handle.id] = hook
        return handle

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradients of this tensor to `.grad` of the leaves; see `autograd.backward`."""
        from .autograd.gradients import backward

        backward(
            (self,), None if gradient is None else (gradient,), retain_graph, create_graph, inputs=inputs
        )

    # -- to Python and NumPy ------------------------------------------------------------------------
    def item(self) -> Any:
        """The value of a tensor of one element, as a Python number."""
        array = self._array
        if array.size != 1:
            raise RuntimeError(f"item: a Tensor with {array.size} elements cannot be converted to Scalar")
        value = array.item()
        return value if isinstance(value, (int, float, complex, bool)) else float(value)

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers; a number for a 0-d tensor."""
        array = self._array
        if array.dtype.kind == "V" or array.dtype.num > 255:  # ml_dtypes
            array = array.astype(np.float32)
        return array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The array behind the tensor: they share memory.

        Raises:
            RuntimeError: the tensor requires grad (unless `force`).
        """
        if not force and self.requires_grad and is_grad_enabled():
            raise RuntimeError(
                "numpy: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        if self.dtype is dtypes.bfloat16:
            raise TypeError("numpy: Got unsupported ScalarType BFloat16; convert it with .float() first")
        return self._array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None and not copy else np.array(array, dtype=dtype, copy=copy)

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        """What NumPy's functions of tensors give: tensors, bools as uint8, as in PyTorch."""
        return wrap(array.astype(np.uint8) if array.dtype == np.bool_ else array)

    __array_priority__ = 1000  # NumPy leaves mixed operations to Tensor

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.requires_grad:
            raise BufferError("__dlpack__: can't export a tensor that requires gradient; use tensor.detach()")
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple:
        return self._array.__dlpack_device__()

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {'no values' if not self._array.size else 'more than one value'} is "
                "ambiguous; use .any() or .all()"
            )
        return bool(self._array.item())

    def __int__(self) -> int:
        return int(self._one_real("int"))

    def __float__(self) -> float:
        return float(self._one_real("float"))

    def __complex__(self) -> complex:
        return complex(self._one())

    def _one_real(self, name: str) -> Any:
        value = self._one()
        if isinstance(value, complex):
            if value.imag:
                raise RuntimeError(
                    f"{name}: a complex number must have no imaginary part to become real (value cannot be converted to "
                    f"type double without overflow), got {value}; use .real or .abs()"
                )
            return value.real
        return value

    def _one(self) -> Any:
        if self._array.size != 1:
            raise ValueError(
                "item: only one element tensors can be converted to Python scalars, got one of shape "
                f"{list(self._array.shape)}"
            )
        return self.item()

    def __index__(self) -> int:
        if self._array.size != 1 or self.dtype.category > dtypes.INTEGER:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (TensorBase, int, float, bool, complex)):
            return bool((element == self)._array.any())  # type: ignore[union-attr]
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element).__name__}."
        )

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if not self._array.ndim and type(self) is Tensor:
            return self.item().__format__(spec)
        return object.__format__(self, spec)

    def __dir__(self) -> list:
        return sorted(set(super().__dir__()))

    # -- copies -------------------------------------------------------------------------------------
    def __reduce_ex__(self, protocol: Any) -> tuple:
        if self.grad_fn is not None:
            warnings.warn("pickle: the tensor's history is not saved; use .detach() to say so", stacklevel=2)
        state = dict(self.__dict__) if getattr(self, "__dict__", None) else None
        return (_rebuild, (type(self), self._array, self._requires_grad, state))

    def __deepcopy__(self, memo: dict) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                "deepcopy: Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
                "the moment; use .detach().clone()"
            )
        if id(self) in memo:
            return memo[id(self)]
        new = type(self)._make(_copy_shared(self._array, memo))
        if self._requires_grad:
            new.requires_grad = True
        memo[id(self)] = new
        if self.grad is not None:
            new.grad = self.grad.__deepcopy__(memo)
        if getattr(self, "__dict__", None):
            import copy

            new.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return new

    def cuda(self, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
        """An error, as in PyTorch without CUDA."""
        devices.check(devices.device("cuda"), "cuda")
        raise AssertionError


def _copy_shared(array: np.ndarray, memo: dict) -> np.ndarray:
    """A copy of `array` whose memory is copied once for all arrays that share it."""
    root = memory(array)
    key = ("memory", address(root), root.nbytes)  # not by id: `memory` may give a new array each time
    if key not in memo:
        memo[key] = root.copy()
        memo["keep", key] = root  # its address must not be another's meanwhile
    new = memo[key]
    offset = address(array) - address(root)
    return np.ndarray(
        array.shape,
        array.dtype,
        new.data if new.flags.c_contiguous else np.ascontiguousarray(new).data,
        offset,
        array.strides,
    )


def _rebuild(cls: type, array: np.ndarray, requires_grad: bool, state: dict | None) -> Any:
    t = cls._make(array)  # type: ignore[attr-defined]
    if requires_grad:
        t.requires_grad = True
    if state:
        t.__dict__.update(state)
    return t


def address(array: np.ndarray) -> int:
    """Where an array's first element lies."""
    return array.__array_interface__["data"][0]


def strided(array: np.ndarray, shape: tuple, strides: tuple, offset: int = 0) -> np.ndarray:
    """Memory of `array` seen with another shape, strides and start (both in bytes).

    The caller must have made sure that nothing lies outside the memory that `array`'s owner holds.
    """
    if _C is not None:
        return _C.strided(array, shape, strides, offset)
    if offset:
        flat = memory(array)
        at = (address(array) - address(flat) + offset) // (array.itemsize or 1)
        array = flat[at:]
    return np.lib.stride_tricks.as_strided(array, shape, strides)


# What stands between an array of NumPy's as_strided and the one it was made from.
_Strided: Any = type(np.lib.stride_tricks.as_strided(np.zeros(1)).base)


def memory(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory `array` lies in, as a flat one of the same dtype."""
    root = array
    while True:
        base: Any = root.base
        if type(base) is _Strided:
            base = base.base
        if not isinstance(base, np.ndarray):
            break
        root = base
    if root.ndim == 1 and root.dtype == array.dtype and root.flags.c_contiguous:
        return root
    if root.flags.c_contiguous or root.flags.f_contiguous or root.size == 0:
        flat = root.ravel(order="K")
        return flat if flat.dtype == array.dtype else flat.view(array.dtype)
    return strided(root, (root.size,), (root.itemsize,))


def _legacy(args: tuple, device: Any, dtype: dtypes.dtype) -> np.ndarray:
    """What PyTorch's old constructors make of their arguments."""
    devices.check(device, "Tensor")
    if len(args) == 1 and isinstance(args[0], TensorBase):
        return args[0]._array if args[0]._array.dtype == dtype.numpy else args[0]._array.astype(dtype.numpy)
    if len(args) == 1 and not isinstance(args[0], (int, Size)):
        if isinstance(args[0], (float, complex, str)):
            raise TypeError(
                f"Tensor: arguments must be sizes (ints) or a sequence of numbers, got {type(args[0]).__name__}; use "
                "torch.tensor(value) for one number"
            )
        try:
            return np.array(args[0], dtype=dtype.numpy)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(
                f"Tensor: arguments must be sizes (ints) or a sequence of numbers, got {type(args[0]).__name__}"
            ) from None
    sizes = args[0] if len(args) == 1 and isinstance(args[0], Size) else args
    if not sizes:
        return np.empty(0, dtype.numpy)
    if not all(hasattr(s, "__index__") for s in sizes):
        raise TypeError(f"Tensor: sizes must be ints, got {', '.join(type(s).__name__ for s in sizes)}")
    shape = [s.__index__() for s in sizes]
    if min(shape) < 0:
        raise RuntimeError(f"Tensor: sizes must not be negative (negative dimension), got {shape}")
    return np.empty(shape, dtype.numpy)


_OPERATORS: dict[str, int] = {} if _C is None else _C.OPERATORS  # those that TensorBase has in C
bind(plain=Tensor, size=Size, dtypes=dtypes._BY_NUMBER)


def wrap(array: Any) -> Tensor:
    """A tensor around an array (or a NumPy scalar): it shares the memory and has no history."""
    return Tensor._make(array if isinstance(array, np.ndarray) else np.asarray(array))


def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a Tensor.

    Example:
        >>> is_tensor([1, 2])
        False
    """
    return isinstance(obj, Tensor)


def method(*names: str, inplace: bool = False) -> Callable[[F], F]:
    """Decorator: put the function on Tensor, under its own name or `names` (also operators: "__add__").

    With `inplace` there is a method with a trailing underscore too, which writes the result into the tensor.

    Example:
        >>> @method(inplace=True)
        ... def thrice(input):
        ...     return input * 3
        >>> rushlight.ones(2).thrice_()
        tensor([3., 3.])
    """

    def put(function: F) -> F:
        for name in names or (function.__name__,):
            if name in _OPERATORS:
                _C.set_operator(_OPERATORS[name], function)
            else:
                setattr(Tensor, name, public(function, name, method=True))
        if inplace:
            make_inplace(function)
        return function

    return put


def make_inplace(function: Callable, name: str = "") -> Callable:
    """The in-place form of an out-of-place function, put on Tensor under `name` (default: with an underscore)."""

    def changed(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return inplace(function, input, *args, **kwargs)

    changed.__name__ = name or function.__name__ + "_"
    changed.__qualname__ = f"Tensor.{changed.__name__}"
    changed.__doc__ = (
        f"In-place `{function.__name__}`: the result is written into the tensor, which is given back."
    )
    changed.__wrapped__ = function  # type: ignore[attr-defined]  # signature() sees the arguments
    setattr(Tensor, changed.__name__, public(changed, method=True))
    return changed


def into(out: Tensor, result: Tensor, function: str = "out", exact: bool = False) -> Tensor:
    """Write `result` into `out` (the `out=` argument of many functions), resized where its shape differs.

    Args:
        exact: Whether `out` must be of the result's own dtype; else of any that it can be cast to.
    Raises:
        RuntimeError: `out` requires grad, or its dtype cannot hold the result's.
    """
    if not isinstance(out, TensorBase):
        raise TypeError(f"{function}: out must be a Tensor, got {kind_of(out)}")
    if is_grad_enabled() and (out.requires_grad or result.requires_grad):
        raise RuntimeError(
            f"{function}: out=... arguments don't support automatic differentiation, but one of the arguments requires "
            "grad; leave out= away, or use no_grad()"
        )
    source, to = result.dtype, out.dtype
    if exact and source is not to:
        raise RuntimeError(f"{function}: out must have dtype {source}, that of the result, got {to}")
    if not dtypes.can_cast(source, to):
        raise RuntimeError(f"{function}: result type {source} can't be cast to the type of out, {to}")
    if out._array.shape != result._array.shape:
        if out._array.size:
            warn(
                f"{function}: out has shape {list(out._array.shape)} and was resized to {list(result._array.shape)}; "
                "reuse it with out.resize_(0) or give one of the right shape"
            )
        out._array = np.empty(result._array.shape, to.numpy)
    np.copyto(out._array, result._array, casting="unsafe")
    out._bump()
    return out
