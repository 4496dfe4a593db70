"""Trained weights: there is no download here; files of torchvision's are read."""

from __future__ import annotations

from typing import Any

__all__ = ["refuse_weights"]


def refuse_weights(function: str, weights: Any, options: dict[str, Any]) -> None:
    """Refuse what asks for trained weights, and say how to have them.

    Raises:
        NotImplementedError: `weights` is not None, or `pretrained` is true.
    """
    if options.pop("pretrained", False) or weights is not None:
        raise NotImplementedError(
            f"{function}: weights must be None, got {weights if weights is not None else 'pretrained=True'}; trained "
            "weights are not fetched: download torchvision's .pth file of this model and give it to "
            "model.load_state_dict(torch.load(file)), the keys are the same"
        )
