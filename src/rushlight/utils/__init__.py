"""Helpers around training: data loading, hooks, checkpoints."""
