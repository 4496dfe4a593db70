"""The random stream in NumPy: the functions of csrc/bindings/random.cpp, with the same bits, slower.

Used where there are no compiled kernels; `kernels` is whichever of the two is in use. A state is an array of
640 words: the 624 of the current block, how many of them are used (0 when it was just seeded: then all are),
whether a normal is kept for later, that normal (2 words), the seed (2 words), and fields of PyTorch's state that
a CPU generator does not use. A target is a size (then a new tensor is made) or a contiguous tensor to fill.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from .kernels import _C
from .tensor import Tensor, wrap

__all__ = ["kernels"]

NEXT, HAS_NORMAL, NORMAL, SEED, WORDS = 624, 625, slice(626, 628), slice(628, 630), 640

_lock = threading.Lock()
_engine: Any = None


def random_seed(state: np.ndarray, seed: int) -> None:
    """init_genrand of Matsumoto and Nishimura's reference program, which is NumPy's legacy seeding."""
    state[:] = 0
    state[:624] = np.random.RandomState(seed & 0xFFFFFFFF).get_state()[1]  # type: ignore[index]
    state[SEED].view(np.uint64)[0] = seed & 0xFFFFFFFFFFFFFFFF


def _words(state: np.ndarray, n: int) -> np.ndarray:
    """The next n 32-bit words, as uint64."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = np.random.MT19937()
        _engine.state = {
            "bit_generator": "MT19937",
            "state": {"key": state[:624], "pos": int(state[NEXT]) or 624},
        }
        words = _engine.random_raw(n)
        after = _engine.state["state"]
        state[:624] = after["key"]
        state[NEXT] = after["pos"] if n or state[NEXT] else 0
    return words


def _wide(state: np.ndarray, n: int) -> np.ndarray:
    """n numbers of 64 bits, the high word drawn first."""
    words = _words(state, 2 * n)
    wide: np.ndarray = words[0::2] << np.uint64(32) | words[1::2]
    return wide


def _unit(state: np.ndarray, n: int) -> np.ndarray:
    """n float32 in [0, 1), of 24 bits."""
    unit: np.ndarray = (_words(state, n) & np.uint64(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)
    return unit


def _unit_double(state: np.ndarray, n: int) -> np.ndarray:
    """n float64 in [0, 1), of 53 bits."""
    return (_wide(state, n) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53


def _place(target: Any, dtype: Any) -> tuple[np.ndarray, np.ndarray, Tensor]:
    """The target's array, a flat view of it, and the tensor that is the result."""
    tensor = wrap(np.empty(target, dtype)) if isinstance(target, tuple) else target
    array = tensor._array
    return array, array.reshape(-1), tensor


def _fused(a: Any, b: Any, c: Any) -> np.ndarray:
    """a * b + c of float32 with one rounding (by way of float64: twice, one time in 2**29)."""
    return (np.asarray(a, np.float64) * np.asarray(b, np.float64) + np.asarray(c, np.float64)).astype(
        np.float32
    )


def _fused_double(a: np.ndarray, b: float, c: float) -> np.ndarray:
    """a * b + c of float64 with one rounding, as nearly as this machine's long double can."""
    return (a.astype(np.longdouble) * np.longdouble(b) + np.longdouble(c)).astype(np.float64)


def random_uniform(state: np.ndarray, target: Any, low: float, range: float) -> Tensor:
    """low + u * range in float32."""
    _, flat, tensor = _place(target, np.float32)
    flat[:] = _fused(_unit(state, flat.size), np.float32(range), np.float32(low))
    return tensor


def _log(x: np.ndarray) -> np.ndarray:
    """Cephes logf, fused where csrc/kernels/random.cpp fuses."""
    f = np.float32
    m, e = np.frexp(x)
    small = m < f(0.707106781186547524)
    e = e.astype(f) - small.astype(f)
    m = (m - f(1)) + np.where(small, m, f(0))
    z = m * m
    y: Any = f(7.0376836292e-2)
    for c in (-1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
              -2.4999993993e-1, 3.3333331174e-1):  # fmt: skip
        y = _fused(y, m, f(c))
    y = _fused(y * m, z, e * f(-2.12194440e-4))
    y = _fused(z, f(-0.5), y)
    return _fused(e, f(0.693359375), m + y)


def _sincos(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cephes sinf and cosf on [0, 2 pi], fused where csrc/kernels/random.cpp fuses."""
    f = np.float32
    j = ((x * f(1.27323954473516)).astype(np.int32) + 1) & ~1
    y = j.astype(f)
    for part in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8):
        x = _fused(y, f(part), x)
    z = x * x
    c = _fused(_fused(f(2.443315711809948e-5), z, f(-1.388731625493765e-3)), z, f(4.166664568298827e-2)) * z
    c = _fused(c, z, z * f(-0.5)) + f(1)
    s = _fused(_fused(f(-1.9515295891e-4), z, f(8.3321608736e-3)), z, f(-1.6666654611e-1)) * z
    s = _fused(s, x, x)
    swap = (j & 2) != 0
    sine, cosine = np.where(swap, c, s), np.where(swap, s, c)
    return np.where(j & 4, -sine, sine), np.where((j - 2) & 4, cosine, -cosine)


def _box_muller(u: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Blocks of 16 uniforms to blocks of 8 cosines and 8 sines."""
    u = u.reshape(-1, 16)
    u1, u2 = 1 - u[:, :8], u[:, 8:]
    if u.dtype == np.float32:
        radius = np.sqrt(np.float32(-2) * _log(u1))
        sine, cosine = _sincos(np.float32(2 * np.pi) * u2)
        z = np.concatenate([radius * cosine, radius * sine], 1).reshape(-1)
        return _fused(z, np.float32(std), np.float32(mean))
    radius = np.sqrt(-2 * np.log(u1))
    return (
        np.concatenate([radius * np.cos(2 * np.pi * u2), radius * np.sin(2 * np.pi * u2)], 1).reshape(-1)
        * std
        + mean
    )


def _series(state: np.ndarray, n: int) -> np.ndarray:
    """n normals by pairs in double precision; the second of an odd pair is kept for the next call."""
    z = np.empty(n)
    done = 0
    if n and state[HAS_NORMAL]:
        z[0] = state[NORMAL].view(np.float64)[0]
        state[HAS_NORMAL] = 0
        state[NORMAL] = 0
        done = 1
    pairs = (n - done + 1) // 2
    u = _unit_double(state, 2 * pairs)
    radius, angle = np.sqrt(-2 * np.log1p(-u[1::2])), 2 * np.pi * u[0::2]
    made = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)
    z[done:] = made[: n - done]
    if made.size > n - done:
        state[HAS_NORMAL] = 1
        state[NORMAL].view(np.float64)[0] = made[-1]
    return z


def _normal(state: np.ndarray, flat: np.ndarray, mean: float, std: float, unit: Any, skipped: bool) -> None:
    whole = flat.size // 16 * 16
    flat[:whole] = _box_muller(unit(state, whole), mean, std)
    if whole < flat.size:
        if skipped:
            unit(state, flat.size - whole)
        flat[-16:] = _box_muller(unit(state, 16), mean, std)


def random_normal(state: np.ndarray, target: Any, mean: float, std: float, rule: int) -> Tensor:
    """float32 normals. Rule 0: a contiguous float32 tensor's; 1: a strided one's; 2: a contiguous 16-bit one's."""
    _, flat, tensor = _place(target, np.float32)
    if flat.size < 16 or rule == 1:
        flat[:] = _series(state, flat.size) * std + mean
    else:
        _normal(state, flat, mean, std, _unit, rule == 0)
    return tensor


def random_normal_double(state: np.ndarray, target: Any, mean: float, std: float, strided: bool) -> Tensor:
    """float64 normals."""
    _, flat, tensor = _place(target, np.float64)
    if flat.size < 16 or strided:
        flat[:] = _fused_double(_series(state, flat.size), std, mean)
    else:
        _normal(state, flat, mean, std, _unit_double, True)
    return tensor


def random_double(state: np.ndarray, target: Any, kind: int, a: float, b: float) -> Tensor:
    """float64 of a distribution: 0 a + u*b, 1 exponential of rate a, 2 geometric with a = log(1-p), 3 Cauchy."""
    _, flat, tensor = _place(target, np.float64)
    u = _unit_double(state, flat.size)
    with np.errstate(divide="ignore"):
        if kind == 0:
            flat[:] = _fused_double(u, b, a)
        elif kind == 1:
            flat[:] = -1.0 / a * np.log1p(-u)
        elif kind == 2:
            flat[:] = np.ceil(np.log(u) / a)
        else:
            flat[:] = _fused_double(np.tan(np.pi * (u - 0.5)), b, a)
    return tensor


def random_integers(state: np.ndarray, target: Any, low: int, range: int, wide: bool) -> Tensor:
    """low + x % range; range 0 stands for 2**64."""
    _, flat, tensor = _place(target, np.int64)
    x = _wide(state, flat.size) if wide else _words(state, flat.size)
    if range:
        x = x % np.uint64(range)
    flat[:] = (x + np.uint64(low & 0xFFFFFFFFFFFFFFFF)).view(np.int64)
    return tensor


def random_mask(state: np.ndarray, target: Any, p: float) -> Tensor:
    """True with probability p."""
    _, flat, tensor = _place(target, np.bool_)
    flat[:] = _unit_double(state, flat.size) < p
    return tensor


def random_mask_each(state: np.ndarray, target: Any, p: Tensor) -> Tensor:
    """True with probability p[i], in float32."""
    _, flat, tensor = _place(target, np.bool_)
    flat[:] = _unit(state, flat.size) < p._array.reshape(-1)
    return tensor


def random_permutation(state: np.ndarray, n: int) -> Tensor:
    """A permutation of 0..n-1."""
    steps = max(n - 1, 0)
    swaps = (_words(state, steps) % np.arange(n, n - steps, -1, dtype=np.uint64)).tolist()
    order = list(range(n))
    for i, z in enumerate(swaps):
        order[i], order[i + z] = order[i + z], order[i]
    return wrap(np.array(order, np.int64))


def random_dropout(state: np.ndarray, x: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """x / (1-p) where kept, and which were kept."""
    kept = random_mask(state, x._array.shape, 1.0 - p)
    scale = np.float32(1) / np.float32(1.0 - p) if p < 1 else np.float32(0)
    return wrap(x._array * (kept._array * scale)), kept


def random_dropout_backward(dy: Tensor, kept: Tensor, p: float) -> Tensor:
    """The gradient of `random_dropout`'s input."""
    scale = np.float32(1) / np.float32(1.0 - p) if p < 1 else np.float32(0)
    return wrap(dy._array * (kept._array * scale))


# -- distributions by rejection: see csrc/kernels/rejection.cpp -----------------------------------------
def random_poisson(state: np.ndarray, target: Any, rate: Tensor) -> Tensor:
    """Poisson distributed numbers."""
    _, flat, tensor = _place(target, np.float64)
    flat[:] = [_poisson(r, state) for r in rate._array.reshape(-1).tolist()]
    return tensor


def random_binomial(state: np.ndarray, target: Any, count: Tensor, p: Tensor, single: bool) -> Tensor:
    """Binomially distributed numbers."""
    _, flat, tensor = _place(target, np.float64)
    pairs = zip(count._array.reshape(-1).tolist(), p._array.reshape(-1).tolist(), strict=True)
    flat[:] = [_binomial(n, q, state, single) for n, q in pairs]
    return tensor


def _one(state: np.ndarray) -> float:
    return float(_unit_double(state, 1)[0])


def _poisson(rate: float, state: np.ndarray) -> int:
    """Products of uniforms below 10; else Hoermann 1993, "The transformed rejection method" (PTRS)."""
    if rate == 0:
        return 0
    if rate < 10:
        limit, product, k = math.exp(-rate), 1.0, 0
        while True:
            product *= _one(state)
            if product <= limit:
                return k
            k += 1
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    vr = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = _one(state) - 0.5, _one(state)
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= vr:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if math.log(v) + math.log(inverse_alpha) - math.log(
            a / (us * us) + b
        ) <= -rate + k * log_rate - math.lgamma(k + 1):
            return k


def _binomial(n: float, p: float, state: np.ndarray, single: bool) -> float:
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return n
    if p > 0.5:
        return n - _binomial(n, 1 - p, state, single) if not math.isnan(p) else math.nan
    if math.isnan(p) or math.isnan(n):
        return math.nan
    if (np.float32(n) * np.float32(p) if single else n * p) >= 10:
        return _binomial_rejection(n, p, state)
    done, total, rest = 0.0, 0.0, math.log1p(-p)  # geometric gaps between successes
    while True:
        u = _one(state)
        total += math.ceil(math.log(u) / rest) if u > 0 else math.inf
        if total > n:
            return done
        done += 1


def _stirling(k: float) -> float:
    table = (
        0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
        0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
    )  # fmt: skip
    if k <= 9:
        return table[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)


def _binomial_rejection(n: float, p: float, state: np.ndarray) -> float:
    """Hoermann 1993, "The generation of binomial random variates" (BTRS)."""
    deviation = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = n * p + 0.5
    vr = 0.92 - 4.2 / b
    r = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    m = math.floor((n + 1) * p)
    while True:
        u, v = _one(state) - 0.5, _one(state)
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + c)
        if us >= 0.07 and v <= vr:
            return k
        if k < 0 or k > n:
            continue
        v = math.log(v * alpha / (a / (us * us) + b))
        bound = (
            (m + 0.5) * math.log((m + 1) / (r * (n - m + 1)))
            + (n + 1) * math.log((n - m + 1) / (n - k + 1))
            + (k + 0.5) * math.log(r * (n - k + 1) / (k + 1))
            + _stirling(m) + _stirling(n - m) - _stirling(k) - _stirling(n - k)
        )  # fmt: skip
        if v <= bound:
            return k


class _Numpy:
    """The functions above under the names of the compiled ones."""


for _name, _function in list(globals().items()):
    if _name.startswith("random_"):
        setattr(_Numpy, _name, staticmethod(_function))

kernels: Any = _Numpy if _C is None else _C
