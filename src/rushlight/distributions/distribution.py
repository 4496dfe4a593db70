"""What all distributions have: shapes, checks, sampling without a history."""

from __future__ import annotations

from typing import Any

from ..autograd import no_grad
from ..ops.from_data import as_tensor
from ..ops.shape import broadcast_tensors
from ..tensor import Size, Tensor

__all__ = ["Distribution", "broadcast", "check"]


class Distribution:
    """The base of distributions: a batch of random variables, each of shape `event_shape`.

    Args:
        batch_shape: How many there are.
        event_shape: The shape of one value.
        validate_args: Check parameters and values; default: as `set_default_validate_args` says, which is True.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = True

    def __init__(
        self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their parameters and values where they are not told."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: value must be True or False, got {value!r}")
        Distribution._validate_args = value

    @property
    def batch_shape(self) -> Size:
        """How many random variables there are."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one value."""
        return self._event_shape

    def _refuse(self, what: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: {what} is not defined")

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self._refuse("mean")

    @property
    def mode(self) -> Tensor:
        """The likeliest value."""
        return self._refuse("mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self._refuse("variance")

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()  # type: ignore[attr-defined]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Random values of shape sample_shape + batch_shape + event_shape, without a history."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Random values as a differentiable function of the parameters, where there is one."""
        return self._refuse("rsample")

    def sample_n(self, n: int) -> Tensor:
        """`sample((n,))`."""
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density (or probability) at `value`."""
        return self._refuse("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`."""
        return self._refuse("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The value that is not exceeded with this probability."""
        return self._refuse("icdf")

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self._refuse("entropy")

    def perplexity(self) -> Tensor:
        """exp(entropy)."""
        return self.entropy().exp()  # type: ignore[attr-defined]

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values, along a new first dim, where there are finitely many."""
        return self._refuse("enumerate_support")

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution for a larger batch."""
        return self._refuse("expand")

    def _extended_shape(self, sample_shape: Any = ()) -> tuple:
        return (*sample_shape, *self._batch_shape, *self._event_shape)

    def _check_value(self, value: Any) -> None:
        """Raise the error of a value that cannot be compared with this distribution's."""
        name = type(self).__name__
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError(f"{name}: value must be a Tensor, got {type(value).__name__}")
        have, want = tuple(value.shape), (*self._batch_shape, *self._event_shape)
        for a, b in zip(reversed(have), reversed(want), strict=False):
            if 1 not in (a, b) and a != b:
                raise ValueError(f"{name}: value must have a shape that broadcasts with {want}, got {have}")
        n = len(self._event_shape)
        if n and have[len(have) - n :] != tuple(self._event_shape):
            raise ValueError(
                f"{name}: value must end in the event shape {tuple(self._event_shape)}, got {have}"
            )

    def __repr__(self) -> str:
        names = [k for k in self._shown if k in self.__dict__]
        parts = [
            f"{k}: {v if v.numel() == 1 else v.size()}" for k, v in ((k, self.__dict__[k]) for k in names)
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

    _shown: tuple[str, ...] = ()


def broadcast(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape."""
    given = [v for v in values if isinstance(v, Tensor)]
    tensors = [
        v if isinstance(v, Tensor) else as_tensor(float(v), dtype=given[0].dtype if given else None)
        for v in values
    ]
    return list(broadcast_tensors(*tensors))


def check(d: Distribution, name: str, value: Tensor, holds: Any, rule: str) -> None:
    """Raise the error of a parameter (or value) that breaks a rule."""
    if d._validate_args and not bool(holds.all()):
        raise ValueError(f"{type(d).__name__}: {name} must {rule}, got {value} (found invalid values)")
