"""Demonstrations: whole programs, started by the command `rushlight`."""
