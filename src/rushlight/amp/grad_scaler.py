"""`GradScaler`: a loss made larger, so that small gradients do not vanish in half precision."""

from __future__ import annotations

import enum
import inspect
import math
import warnings
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .. import dtypes
from ..autograd import no_grad
from ..autograd.core import TensorBase
from ..devices import cpu
from ..errors import kind_of

__all__ = ["GradScaler", "OptState"]

_LARGEST = 3.4028234663852886e38  # of float32


class OptState(enum.Enum):
    """How far an optimizer has come since the last `update`."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


def _fresh() -> dict[str, Any]:
    return {"stage": OptState.READY, "found_inf_per_device": {}}


class GradScaler:
    """Multiplies the loss by a factor, divides the gradients by it again, and adapts the factor.

    A step whose gradients are not finite is left out and the factor becomes smaller; after `growth_interval` good
    steps in a row it becomes larger.

    Args:
        device: "cpu". "cuda" (the default, as in PyTorch) is not there: a warning, and the scaler is off.
        init_scale: The factor at first. Default 65536.
        growth_factor: What the factor is multiplied by after good steps. Default 2.
        backoff_factor: What it is multiplied by after a bad one. Default 0.5.
        growth_interval: How many good steps in a row make it grow. Default 2000.
        enabled: False: `scale` gives its argument and `step` steps.
    Raises:
        AssertionError: a growth factor of 1 or less, a backoff factor of 1 or more.

    Example:
        >>> w = rushlight.nn.Parameter(rushlight.tensor([2.0]))
        >>> optimizer, scaler = rushlight.optim.SGD([w], lr=0.5), GradScaler("cpu")
        >>> scaler.scale((w * w).sum()).backward()
        >>> w.grad
        tensor([262144.])
        >>> scaler.step(optimizer)
        >>> scaler.update()
        >>> w
        Parameter containing:
        tensor([0.], requires_grad=True)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device, self._enabled = device, enabled
        if enabled and device == "cuda":
            warnings.warn(f"GradScaler: '{device}' is not available; disabling", stacklevel=2)
            self._enabled = False
        if not self._enabled:
            return
        if growth_factor <= 1.0:
            raise AssertionError(f"GradScaler: growth_factor must be above 1 (> 1.0), got {growth_factor}")
        if backoff_factor >= 1.0:
            raise AssertionError(f"GradScaler: backoff_factor must be below 1 (< 1.0), got {backoff_factor}")
        self._init_scale = init_scale
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        self._init_growth_tracker = 0
        self._scale: Any = None  # tensors from the first use on
        self._growth_tracker: Any = None
        self._per_optimizer_states: defaultdict[int, dict] = defaultdict(_fresh)

    def _begin(self) -> None:
        from ..ops.creation import full

        self._scale = full((), float(self._init_scale), dtype=dtypes.float32)
        self._growth_tracker = full((), self._init_growth_tracker, dtype=dtypes.int32)

    def _begun(self, function: str) -> None:
        if self._scale is None:
            raise AssertionError(
                f"GradScaler.{function}: a loss must be scaled first (Attempted {function} but _scale is None); "
                "call scaler.scale(loss).backward() earlier in the iteration"
            )

    def scale(self, outputs: Any) -> Any:
        """Outputs (a tensor, or tensors in lists and tuples) times the factor."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, TensorBase):
            if self._scale is None:
                self._begin()
            return outputs * self._scale
        if isinstance(outputs, Iterable) and not isinstance(outputs, (str, bytes)):
            scaled = [self.scale(o) for o in outputs]
            if hasattr(outputs, "_fields"):
                return type(outputs)(*scaled)
            return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else iter(scaled)
        raise ValueError(
            f"GradScaler.scale: outputs must be a Tensor or an iterable of Tensors, got {kind_of(outputs)}"
        )

    def _unscale_grads_(self, optimizer: Any, inv_scale: Any, found_inf: Any, allow_fp16: bool) -> dict:
        factor, bad, seen = float(inv_scale), float(found_inf), False
        with no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    if p.grad.dtype == dtypes.float16 and not allow_fp16:
                        raise ValueError(
                            "GradScaler.unscale_: gradients must not be of torch.float16 (Attempting to unscale FP16 "
                            "gradients); keep the parameters in float32 and compute under autocast"
                        )
                    seen = True
                    if not p.grad.isfinite().all():
                        bad = 1.0
                    if factor != 1.0:
                        p.grad.mul_(factor)
        found_inf.fill_(bad)
        return {cpu: found_inf} if seen else {}

    def _checked(self, optimizer: Any, inverse: float, allow_fp16: bool) -> dict:
        from ..ops.creation import full

        return self._unscale_grads_(optimizer, full((), inverse), full((), 0.0), allow_fp16)

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the factor, for example before clipping them.

        Raises:
            RuntimeError: called twice since the last `update`, or after `step`.
            ValueError: gradients are float16.
        """
        if not self._enabled:
            return
        self._begun("unscale_")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.UNSCALED:
            raise RuntimeError(
                "GradScaler.unscale_: it must be called once (unscale_() has already been called on this optimizer since "
                "the last update())"
            )
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError(
                "GradScaler.unscale_: it must be called before step (unscale_() is being called after step())"
            )
        scale = float(self._scale)
        state["found_inf_per_device"] = self._checked(optimizer, 1.0 / scale if scale else math.inf, False)
        state["stage"] = OptState.UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`unscale_`, if that was not done, and `optimizer.step(...)` if all gradients are finite.

        Returns:
            What `optimizer.step` gives; None where the step is left out.
        Raises:
            RuntimeError: a closure is given, or the second call since the last `update`.
            AssertionError: the optimizer's parameters have no gradients.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError(
                "GradScaler.step: closure must not be given (Closure use is not currently supported if GradScaler is "
                "enabled)"
            )
        self._begun("step")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError(
                "GradScaler.step: it must be called once (step() has already been called since the last update())"
            )
        if "grad_scaler" in inspect.signature(optimizer.step).parameters:  # it looks after this itself
            warnings.warn(
                "GradScaler.step: passing grad_scaler to optimizer.step is deprecated in PyTorch",
                FutureWarning,
                stacklevel=2,
            )
            self._check_inf_per_device(optimizer)
            result = optimizer.step(*args, **kwargs, grad_scaler=self)
        else:
            if state["stage"] is OptState.READY:
                self.unscale_(optimizer)
            found = state["found_inf_per_device"]
            if not found:
                raise AssertionError(
                    "GradScaler.step: the parameters must have gradients (No inf checks were recorded for this optimizer); "
                    "call scaler.scale(loss).backward() first"
                )
            bad = any(float(v) for v in found.values())
            result = None if bad else optimizer.step(*args, **kwargs)
        state["stage"] = OptState.STEPPED
        return result

    def update(self, new_scale: Any = None) -> None:
        """Adapt the factor to what was found since the last `update`, or set it to `new_scale`.

        Raises:
            AssertionError: no gradients were looked at, or `new_scale` is not a float or a float32 tensor.
        """
        if not self._enabled:
            return
        self._begun("update")
        if new_scale is not None:
            self._set(new_scale)
        else:
            found = [
                v
                for state in self._per_optimizer_states.values()
                for v in state["found_inf_per_device"].values()
            ]
            if not found:
                raise AssertionError(
                    "GradScaler.update: an optimizer must have been stepped (No inf checks were recorded prior to update)"
                )
            self._adapt(any(float(v) for v in found))
        self._per_optimizer_states = defaultdict(_fresh)

    def _set(self, value: Any) -> None:
        if isinstance(value, TensorBase):
            if value.dtype != dtypes.float32 or value.numel() != 1 or value.requires_grad:
                raise AssertionError(
                    "GradScaler.update: new_scale must be a float or a 1-element torch.cuda.FloatTensor or "
                    f"torch.FloatTensor with requires_grad=False, got {value.dtype} of shape {tuple(value.shape)}"
                )
            value = float(value)  # type: ignore[arg-type]
        elif not isinstance(value, float):
            raise AssertionError(
                f"GradScaler.update: new_scale must be a float or a 1-element torch.FloatTensor, got {kind_of(value)}"
            )
        self._scale.fill_(value)

    def _adapt(self, bad: bool) -> None:
        if bad:
            self._scale.mul_(self._backoff_factor)
            self._growth_tracker.fill_(0)
            return
        steps = int(self._growth_tracker) + 1
        if steps == self._growth_interval:
            larger = float(self._scale) * self._growth_factor
            if larger <= _LARGEST:  # infinity would spoil every loss from then on
                self._scale.fill_(larger)
            steps = 0
        self._growth_tracker.fill_(steps)

    def get_scale(self) -> float:
        """The factor; 1 where the scaler is off."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else float(self._scale)

    def _get_scale_async(self) -> Any:
        return self._scale

    def get_growth_factor(self) -> float:
        """What the factor is multiplied by after good steps."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what the factor is multiplied by after good steps."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the factor is multiplied by after a bad step."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what the factor is multiplied by after a bad step."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """How many good steps in a row make the factor grow."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set how many good steps in a row make the factor grow."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        return self._init_growth_tracker if self._growth_tracker is None else int(self._growth_tracker)

    def is_enabled(self) -> bool:
        """Whether the scaler is on."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """The factor, how it changes, and the number of good steps; empty where the scaler is off."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            RuntimeError: it is empty: of a scaler that was off.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "GradScaler.load_state_dict: state_dict must not be empty (The source state dict is empty), possibly it "
                "was saved from a disabled instance of GradScaler"
            )
        self._init_scale = state_dict["scale"]
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
            self._growth_tracker.fill_(state_dict["_growth_tracker"])

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if self._enabled:
            if self._per_optimizer_states:
                raise AssertionError(
                    "GradScaler: it must be pickled between iterations (A GradScaler instance may only be pickled at the "
                    "beginning of an iteration, or at the end after scaler.update())"
                )
            state["_init_scale"], state["_init_growth_tracker"] = self.get_scale(), self._get_growth_tracker()
            state["_scale"] = state["_growth_tracker"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _check_inf_per_device(self, optimizer: Any) -> dict:
        self._begun("_check_inf_per_device")
        state = self._per_optimizer_states[id(optimizer)]
        state["found_inf_per_device"] = self._checked(optimizer, 1.0, True)
        return state["found_inf_per_device"]

    def _found_inf_per_device(self, optimizer: Any) -> dict:
        return self._per_optimizer_states[id(optimizer)]["found_inf_per_device"]
