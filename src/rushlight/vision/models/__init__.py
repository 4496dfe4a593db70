"""Classifiers of images under torchvision's names, with its `state_dict` keys."""

from __future__ import annotations

from typing import Any

from . import alexnet as _alexnet
from . import mobilenetv2, resnet, vgg
from .alexnet import *  # noqa: F403
from .mobilenetv2 import *  # noqa: F403
from .resnet import *  # noqa: F403
from .vgg import *  # noqa: F403

__all__ = [*_alexnet.__all__, *mobilenetv2.__all__, *resnet.__all__, *vgg.__all__, "get_model", "list_models"]


def list_models() -> list[str]:
    """The names that `get_model` knows."""
    return sorted(n for n in __all__ if n.islower() and n not in ("get_model", "list_models"))


def get_model(name: str, **config: Any) -> Any:
    """A model by its name.

    Raises:
        ValueError: there is none of that name.
    Example:
        >>> get_model("resnet18", num_classes=10).fc.out_features
        10
    """
    if name not in list_models():
        raise ValueError(
            f"get_model: name must be one of {', '.join(list_models())}, got {name!r} (Unknown model)"
        )
    return globals()[name](**config)
