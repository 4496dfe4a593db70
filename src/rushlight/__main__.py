"""python -m rushlight: run a program that is written for PyTorch, or one of the demonstrations."""

from rushlight.cli import main

main()
