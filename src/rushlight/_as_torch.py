"""Importing this makes `torch` mean rushlight: for workers that are started by spawning."""

from .compat import install_as_torch

install_as_torch()
