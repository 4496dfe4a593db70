"""What `autocast` does to operations: which compute in half precision, which in float32, which in the widest dtype.

NOTE [Swapped code]: programs hold functions by many names (`F.linear`, `from torch import matmul`, methods, operators
of the compiled part), so replacing names would miss some, and asking in each function whether autocast is on would
cost every program. Instead `hold` exchanges the `__code__` of the function objects for one that converts the
arguments, and `let_go` puts the own code back: outside of autocast nothing is there that could cost time. A thread
in which autocast is off runs the own code of the functions meanwhile.
"""

from __future__ import annotations

import functools
import importlib
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd import is_grad_enabled
from ..autograd.core import TensorBase

__all__ = ["clear_cache", "hold", "let_go", "state"]


class _State(threading.local):
    """Of each thread."""

    def __init__(self) -> None:
        self.on = False  # on the CPU
        self.dtype = dtypes.bfloat16  # that products are computed in
        self.caching = True
        self.nesting = 0
        self.inside = False  # within an operation that has its dtype: nothing more is converted
        self.cache: dict[tuple, tuple] = {}
        # Of other devices, which cannot compute here: only what was set.
        self.enabled: dict[str, bool] = {}
        self.dtypes: dict[str, Any] = {}


state = _State()

# -- converting arguments ------------------------------------------------------------------------------


def _eligible(x: Any) -> bool:
    return isinstance(x, TensorBase) and dtypes.of(x._array.dtype) in _CASTABLE


_CASTABLE = {dtypes.float32, dtypes.bfloat16, dtypes.float16}  # double stays double, as integers stay


def _cast(x: Any, dtype: Any) -> Any:
    """`x`, or the tensors in it, in `dtype`. A parameter is converted once while autocast is on."""
    if _eligible(x):
        if dtypes.of(x._array.dtype) is dtype:
            return x
        weight = x._requires_grad and x._grad_fn is None and x._base is None
        if not (weight and state.caching and dtype is state.dtype):
            return x.to(dtype)
        # By the mode of recording: what no_grad converted has no history. By the version: an optimizer may step.
        key = (id(x), is_grad_enabled())
        found = state.cache.get(key)
        if found is None or found[0]() is not x or found[1:3] != (x._version, dtype):
            found = state.cache[key] = (weakref.ref(x), x._version, dtype, x.to(dtype))
        return found[3]
    if type(x) in (list, tuple):
        return type(x)([_cast(v, dtype) for v in x])
    return x


def clear_cache() -> None:
    """Forget the converted parameters."""
    state.cache.clear()


def _tensors(values: Any) -> list:
    found: list = []
    for v in values:
        if isinstance(v, TensorBase):
            found.append(v)
        elif isinstance(v, (list, tuple)):
            found += _tensors(v)
    return found


def _both(args: tuple, kwargs: dict, dtype: Any) -> tuple[tuple, dict]:
    return _cast(args, dtype), {name: _cast(v, dtype) for name, v in kwargs.items()}


# -- the ways: (args, kwargs) -> (args, kwargs) ---------------------------------------------------------


def _half(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    return _both(args, kwargs, state.dtype)


def _full(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    return _both(args, kwargs, dtypes.float32)


def _widest(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The widest of the tensors' dtypes: of two different half-precision ones and float32 it is float32."""
    given = {dtypes.of(t._array.dtype) for t in _tensors((*args, *kwargs.values())) if _eligible(t)}
    return _both(args, kwargs, dtypes.float32) if len(given) > 1 else (args, kwargs)


def _same(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Nothing is converted, nor within: one operation of PyTorch that is made of several here."""
    return args, kwargs


def _pad(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    mode = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
    return _full(args, kwargs) if mode in ("reflect", "replicate") else (args, kwargs)


def _pool(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    indices = kwargs.get("return_indices", args[6] if len(args) > 6 else False)
    return (args, kwargs) if indices else _full(args, kwargs)


def _response(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """PyTorch averages over a 3-d window where the input has that many dims, and 3-d pooling is in float32."""
    x = args[0] if args else kwargs.get("input")
    return _full(args, kwargs) if isinstance(x, TensorBase) and x.dim() > 3 else (args, kwargs)


def _as_input(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Recurrent cells: PyTorch's gates are sums of half-precision products and the state, in the state's dtype."""
    states = _tensors((*args, *kwargs.values()))[:2]
    given = {dtypes.of(t._array.dtype) for t in states if _eligible(t)}
    return (
        _both(args, kwargs, given.pop() if len(given) == 1 else dtypes.float32) if given else (args, kwargs)
    )


def _layers(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """`ops.rnn.run`: layers over sequences. A packed sequence and a GRU go step by step in PyTorch, as cells do."""
    mode, sizes = args[0], args[2]
    steps = mode == "GRU" or (len(sizes) > 1 and sizes[0] != sizes[-1] and mode == "LSTM")
    return _as_input(args, kwargs) if steps else _half(args, kwargs)


WAYS: dict[Callable, str] = {
    _half: """
        matmul mm bmm addmm addbmm baddbmm linalg.vecdot conv1d conv2d conv3d convolution conv_tbc
        conv_transpose1d conv_transpose2d conv_transpose3d
        nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d nn.functional.conv_transpose1d
        nn.functional.conv_transpose2d nn.functional.conv_transpose3d
        nn.functional.linear nn.functional.prelu prelu nn.functional.scaled_dot_product_attention
        rnn_tanh_cell rnn_relu_cell
    """,
    _full: """
        cdist cholesky cholesky_inverse cholesky_solve geqrf inverse lu_solve ormqr orgqr polar prod nanquantile
        quantile stft trace triangular_solve view_as_complex qr svd lu pinverse grid_sampler
        linalg.cholesky linalg.cholesky_ex linalg.cond linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh
        linalg.householder_product linalg.inv linalg.inv_ex linalg.lstsq linalg.matrix_rank linalg.qr
        linalg.solve linalg.svd linalg.svdvals linalg.tensorinv linalg.tensorsolve
        fft.fft fft.ifft fft.fft2 fft.ifft2 fft.fftn fft.ifftn fft.rfft fft.irfft fft.rfft2 fft.irfft2 fft.rfftn
        fft.irfftn fft.hfft fft.ihfft
        nn.functional.grid_sample nn.functional.avg_pool3d nn.functional.adaptive_avg_pool3d
        nn.functional.adaptive_max_pool3d nn.functional.fractional_max_pool2d nn.functional.fractional_max_pool3d
        nn.functional.max_unpool1d nn.functional.max_unpool2d nn.functional.max_unpool3d
        nn.functional.binary_cross_entropy nn.functional.binary_cross_entropy_with_logits
        nn.functional.cosine_embedding_loss nn.functional.cross_entropy nn.functional.hinge_embedding_loss
        nn.functional.huber_loss nn.functional.kl_div nn.functional.l1_loss nn.functional.linear_cross_entropy
        nn.functional.margin_ranking_loss nn.functional.mse_loss nn.functional.nll_loss
        nn.functional.poisson_nll_loss nn.functional.smooth_l1_loss nn.functional.soft_margin_loss
        nn.functional.triplet_margin_loss nn.functional.multi_margin_loss nn.functional.multilabel_margin_loss
        nn.functional.ctc_loss ctc_loss pca_lowrank svd_lowrank lobpcg
    """,
    _widest: "cat stack index_copy",
    _same: "nn.functional.bilinear bilinear matrix_exp linalg.matrix_exp tensor.inplace",
    _pad: "nn.functional.pad",
    _pool: "nn.functional.max_pool3d",
    _response: "nn.functional.local_response_norm",
    _as_input: "lstm_cell gru_cell",
    _layers: "ops.rnn.run",
}

# -- exchanging the code ---------------------------------------------------------------------------------


def _entry(own: Callable, way: Callable) -> Callable:
    """What runs in the function's place. `own` is the function as it was."""

    def run(args: tuple, kwargs: dict, _: tuple = ()) -> Any:
        if state.inside or not state.on:
            return own(*args, **kwargs)
        if kwargs.get("out") is None:  # PyTorch converts nothing for a result whose dtype is given
            args, kwargs = way(args, kwargs)
        state.inside = True
        try:
            return own(*args, **kwargs)
        finally:
            state.inside = False

    return run


@functools.cache
def _template(free: int) -> types.CodeType:
    """The code of a function with `free` free variables that calls its constant 'entry'."""
    names = [f"free{i}" for i in range(free)]
    text = (
        f"def outer({', '.join(names)}):\n  def swapped(*args, **kwargs):\n    entry = 'entry'\n"
        f"    return entry(args, kwargs{', (' + ', '.join(names) + ',)' if names else ''})\n"
    )
    code = compile(text, __file__, "exec")
    for _ in range(2):  # the code of `outer`, then that of `swapped`
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType))
    return code


def _code(function: Any, entry: Callable) -> types.CodeType:
    """Code that calls `entry(args, kwargs)`, with as many free variables as the function has: they must agree."""
    code = _template(len(function.__code__.co_freevars))
    return code.replace(
        co_name=function.__code__.co_name,
        co_consts=tuple([entry if c == "entry" else c for c in code.co_consts]),
    )


def _find(path: str) -> Any:
    import rushlight

    found: Any = rushlight
    *modules, name = path.split(".")
    if modules:
        found = importlib.import_module(".".join(("rushlight", *modules)))
    return getattr(found, name, None)


_swaps: list[tuple[Any, Any, Any]] = []  # (function, its own code, the other)
_users = 0  # how many contexts are in force, in all threads
_lock = threading.Lock()


def _prepare() -> None:
    done = set()
    for way, names in WAYS.items():
        for path in names.split():
            f = _find(path)
            f = getattr(f, "__wrapped__", f)  # the function behind the public one
            if not isinstance(f, types.FunctionType) or f in done:
                continue
            done.add(f)
            own = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
            own.__kwdefaults__ = f.__kwdefaults__
            _swaps.append((f, f.__code__, _code(f, _entry(own, way))))


def hold() -> None:
    """Let the operations convert their arguments from now on, until `let_go`."""
    global _users
    with _lock:
        if _users == 0:
            if not _swaps:
                _prepare()
            for f, _, other in _swaps:
                f.__code__ = other
        _users += 1


def let_go() -> None:
    """Undo one `hold`."""
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            for f, own, _ in _swaps:
                f.__code__ = own
