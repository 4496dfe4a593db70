"""L-BFGS: steps along directions that approximate Newton's, from the last gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from ..autograd import enable_grad, no_grad
from ..tensor import Tensor, wrap
from .optimizer import Optimizer, check_lr, number

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Minimizes a function that a closure computes, with several evaluations in one step.

    Args:
        params: Tensors; one group only.
        lr: Step size along a direction (its first try with a line search).
        max_iter: Iterations in one step.
        max_eval: Evaluations in one step. Default max_iter * 5 // 4.
        tolerance_grad: Ends when no gradient is larger.
        tolerance_change: Ends when neither loss nor parameters change by more.
        history_size: Gradients that are kept.
        line_search_fn: None or 'strong_wolfe'.

    Raises:
        ValueError: several parameter groups.

    Source: Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization"; line search:
    Nocedal and Wright 2006, "Numerical optimization", algorithms 3.5 and 3.6, with Schmidt's safeguards (minFunc).

    Example:
        >>> w = rushlight.nn.Parameter(rushlight.tensor([3.0]))
        >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (w * w).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        9.0
        >>> abs(w.item()) < 1e-6
        True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr("LBFGS", lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(
                "LBFGS: params must be one group (LBFGS doesn't support per-parameter options (parameter groups)), got "
                f"{len(self.param_groups)}"
            )
        self._params = self.param_groups[0]["params"]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._params = self.param_groups[0]["params"]

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Minimize for up to `max_iter` iterations; gives the loss before the first."""
        with no_grad():
            return self._minimize(closure)

    # -- the parameters as one vector ------------------------------------------------------------------
    def _gradient(self) -> np.ndarray:
        parts = []
        for p in self._params:
            parts.append(np.zeros(p.numel(), p._array.dtype) if p.grad is None else p.grad._array.reshape(-1))
        return np.concatenate(parts)

    def _move(self, direction: np.ndarray, t: float, start: list[np.ndarray] | None = None) -> None:
        """Put the parameters `t` along the direction from `start`, or from where they are."""
        at = 0
        for i, p in enumerate(self._params):
            n = p.numel()
            part = direction[at : at + n].reshape(p._array.shape)
            if start is not None:
                p._array[...] = start[i]
            p._array += part * t
            p._bump()
            at += n

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[float, np.ndarray]:
        with enable_grad():
            loss = float(closure())
        return loss, self._gradient()

    # -- the iterations ----------------------------------------------------------------------------------
    def _minimize(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr, search = number(group["lr"]), group["line_search_fn"]
        if search not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"LBFGS: line_search_fn must be None or 'strong_wolfe' (only 'strong_wolfe' is supported), got {search!r}"
            )
        least_gradient, least_change = group["tolerance_grad"], group["tolerance_change"]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with enable_grad():
            first_loss = closure()
        loss, evaluations = float(first_loss), 1
        state["func_evals"] += 1
        g = self._gradient()
        if not g.size or np.abs(g).max() <= least_gradient:
            return first_loss
        d = _array(state.get("d"))
        t = number(state.get("t", 0))
        before = _array(state.get("prev_flat_grad"))
        loss_before = state.get("prev_loss")
        past = {key: state.get(key) for key in ("old_dirs", "old_stps", "ro", "H_diag")}
        for n in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d = -g
                past = {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1}
                t = min(1.0, 1.0 / float(np.abs(g).sum())) * lr
            else:
                self._remember(past, g - before, d * t, group["history_size"])
                d = self._direction(past, state, g, group["history_size"])
                t = lr
            before, loss_before = g.copy(), loss
            slope = float(g @ d)
            if slope > -least_change:
                break
            used = 0
            if search is not None:
                start = [p._array.copy() for p in self._params]

                def at(t: float, d: np.ndarray = d, start: list[Any] = start) -> _Point:
                    self._move(d, t, start)
                    f, gradient = self._evaluate(closure)
                    return _Point(t, f, gradient, float(gradient @ d))

                found, used = strong_wolfe(
                    at, _Point(0.0, loss, g, slope), t, float(np.abs(d).max()), least_change
                )
                t, loss, g = found.t, found.f, found.g
                self._move(d, t, start)
            else:
                self._move(d, t)
                if n != group["max_iter"]:
                    loss, g = self._evaluate(closure)
                    used = 1
            evaluations += used
            state["func_evals"] += used
            if (
                n == group["max_iter"]
                or evaluations >= group["max_eval"]
                or np.abs(g).max() <= least_gradient
            ):
                break
            if np.abs(d * t).max() <= least_change or abs(loss - loss_before) < least_change:
                break
        state["d"], state["t"] = wrap(d), t
        state.update(past)
        state["prev_flat_grad"], state["prev_loss"] = wrap(before), loss_before
        return first_loss

    def _remember(self, past: dict[str, Any], y: np.ndarray, s: np.ndarray, history: int) -> None:
        """Keep a change of the gradient (y) and of the parameters (s), where the curvature is positive."""
        curvature = float(y @ s)
        if curvature > 1e-10:
            if len(past["old_dirs"]) == history:
                for key in ("old_dirs", "old_stps", "ro"):
                    past[key].pop(0)
            past["old_dirs"].append(wrap(y))
            past["old_stps"].append(wrap(s))
            past["ro"].append(wrap(np.array(1.0 / curvature, y.dtype)))
            past["H_diag"] = wrap(np.array(curvature / float(y @ y), y.dtype))

    def _direction(
        self, past: dict[str, Any], state: dict[str, Any], g: np.ndarray, history: int
    ) -> np.ndarray:
        """The two loops: minus the inverse Hessian's approximation times the gradient."""
        alphas = state.setdefault("al", [None] * history)
        pairs = [
            (y._array, s._array, number(r))
            for y, s, r in zip(past["old_dirs"], past["old_stps"], past["ro"], strict=True)
        ]
        q = -g
        for i in range(len(pairs) - 1, -1, -1):
            y, s, r = pairs[i]
            a = float(s @ q) * r
            alphas[i] = wrap(np.array(a, g.dtype))
            q -= y * a
        q *= number(past["H_diag"])
        for i, (y, s, r) in enumerate(pairs):
            q += s * (number(alphas[i]) - float(y @ q) * r)
        return q


def _array(value: Any) -> Any:
    return value._array if isinstance(value, Tensor) else value


class _Point(NamedTuple):
    """A place on the line: how far along, loss, gradient, slope."""

    t: float
    f: float
    g: np.ndarray
    slope: float


def _cubic(a: _Point, b: _Point, low: float | None = None, high: float | None = None) -> float:
    """The minimum of the cubic through two points and slopes, within bounds."""
    low = min(a.t, b.t) if low is None else low
    high = max(a.t, b.t) if high is None else high
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(t, low), high)


def strong_wolfe(
    at: Callable[[float], _Point],
    start: _Point,
    t: float,
    reach: float,
    least_change: float,
    c1: float = 1e-4,
    c2: float = 0.9,
    most: int = 25,
) -> tuple[_Point, int]:
    """A point that satisfies the strong Wolfe conditions, and how many evaluations it took.

    Args:
        at: Evaluates the function at a step size.
        start: The point at 0.
        t: The first step size tried.
        reach: The largest element of the direction.
        least_change: Ends when the bracket moves no parameter by more.
        c1: Share of the promised decrease that is enough.
        c2: Share of the slope that may be left.
        most: Iterations.
    """

    def too_high(p: _Point, best: float) -> bool:
        return p.f > start.f + c1 * p.t * start.slope or p.f >= best

    previous, now = start, at(t)
    evaluations, n, done = 1, 0, False
    bracket: list[_Point] = []
    while n < most:  # until a minimum is surely between two points
        if too_high(now, previous.f if n > 1 else math.inf):
            bracket = [previous, now]
            break
        if abs(now.slope) <= -c2 * start.slope:
            bracket, done = [now, now], True
            break
        if now.slope >= 0:
            bracket = [previous, now]
            break
        further = _cubic(previous, now, now.t + 0.01 * (now.t - previous.t), now.t * 10)
        previous, now = now, at(further)
        evaluations += 1
        n += 1
    if not bracket:
        bracket = [start, now]
    low, high = bracket if bracket[0].f <= bracket[1].f else reversed(bracket)
    stuck = False
    while not done and n < most:  # narrow it down
        if abs(high.t - low.t) * reach < least_change:
            break
        left, right = min(low.t, high.t), max(low.t, high.t)
        t = _cubic(low, high)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:  # too near an end: allowed once
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now = at(t)
        evaluations += 1
        n += 1
        if too_high(now, low.f):
            high = now
            if high.f < low.f:
                low, high = high, low
        else:
            if abs(now.slope) <= -c2 * start.slope:
                done = True
            elif now.slope * (high.t - low.t) >= 0:
                high = low
            low = now
    return low, evaluations
