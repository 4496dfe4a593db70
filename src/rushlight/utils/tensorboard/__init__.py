"""`SummaryWriter`: scalars, images, histograms and texts for TensorBoard, through the package tensorboard."""

from __future__ import annotations

from .writer import SummaryWriter

__all__ = ["SummaryWriter"]
