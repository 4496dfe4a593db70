"""The command `rushlight`: run a program written for PyTorch, or the demonstration `mnist`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

__all__ = ["main"]

USAGE = """\
usage: rushlight mnist [options]                train a classifier of handwritten digits
       rushlight script.py [arguments]          run a program written for PyTorch
       rushlight -m module [arguments]          the same, by module name
       rushlight -c code [arguments]            the same, from the command line
       rushlight --help | --version | --info

`python -m rushlight ...` is the same. In a program that is run this way `import torch` and
`import torchvision` mean rushlight; otherwise it runs as with Python itself: arguments, exit code,
tracebacks. `rushlight mnist --help` tells the options of the demonstration.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says. See USAGE."""
    rest = list(sys.argv[1:] if arguments is None else arguments)
    if not rest or rest[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return
    first = rest[0]
    if first in ("-V", "--version", "--info"):
        _tell(first)
        return
    if first in ("-m", "-c"):
        from . import runner

        if len(rest) < 2:
            _wrong(f"Argument expected for the {first} option")
        (runner.run_module if first == "-m" else runner.run_code)(rest[1], rest[2:])
        return
    if first == "mnist":  # also beside the folder of that name that it writes; a script: rushlight ./mnist
        sys.exit(mnist(rest[1:]))
    if first.startswith("-") and first != "-":
        _wrong(f"unknown option {first}")
    from . import runner

    runner.run_path(first, rest[1:])


def _wrong(message: str) -> None:
    sys.stderr.write(f"rushlight: {message}\n{USAGE}")
    sys.exit(2)


def _tell(what: str) -> None:
    import rushlight

    print(f"rushlight {rushlight.__version__}")
    if what == "--info":
        import numpy

        from .kernels import _C

        print(f"Python {sys.version.split()[0]}, NumPy {numpy.__version__}")
        if _C is None:
            print("kernels: none, computing with NumPy")
        else:
            print(
                f"kernels: {_C.cpu_level()} (of {', '.join(_C.cpu_levels())}), {_C.get_num_threads()} threads"
            )


def _at_least(kind: type, lowest: float, above: bool = False):  # type: ignore[no-untyped-def]
    """An argparse type: a number that is not too small."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
        if not (value > lowest if above else value >= lowest) or value == float("inf"):
            raise argparse.ArgumentTypeError(
                f"must be {'above' if above else 'at least'} {lowest}, got {text}"
            )
        return value

    return parse


def mnist_parser() -> argparse.ArgumentParser:
    """The options of `rushlight mnist`."""
    parser = argparse.ArgumentParser(
        prog="rushlight mnist",
        description="Train a classifier of the 60,000 handwritten digits of MNIST, test it on 10,000 others "
        "after each epoch, and write checkpoint.pt (PyTorch's format) and report.png.",
        epilog="Ctrl-C stops; checkpoint.pt then holds the last whole epoch, and --resume goes on from it "
        "with the same numbers as if nothing had happened.",
    )
    group = parser.add_argument_group("training")
    group.add_argument(
        "--model",
        choices=("mlp", "cnn"),
        default=None,
        help="mlp: three linear layers, 97.5%% and better in seconds (the default); cnn: convolutions, with the "
        "images moved about a little, 99%% and better",
    )
    group.add_argument(
        "--epochs",
        type=_at_least(int, 1),
        default=5,
        metavar="N",
        help="passes over the training images (default 5)",
    )
    group.add_argument(
        "--batch-size",
        type=_at_least(int, 1),
        default=None,
        metavar="N",
        help="images in a step (default 64)",
    )
    group.add_argument(
        "--lr",
        type=_at_least(float, 0, above=True),
        default=None,
        metavar="RATE",
        help="learning rate (default 0.001)",
    )
    group.add_argument(
        "--seed", type=_at_least(int, 0), default=None, metavar="N", help="of all random numbers (default 0)"
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="go on from checkpoint.pt in the folder --out, up to --epochs in all",
    )
    group = parser.add_argument_group("where and how")
    group.add_argument(
        "--data",
        default="data",
        metavar="FOLDER",
        help="the images' folder (default data); if they are not there they come from the package "
        "rushlight-mnist, or else from the network",
    )
    group.add_argument(
        "--out", default="mnist", metavar="FOLDER", help="for checkpoint.pt and report.png (default mnist)"
    )
    group.add_argument(
        "--threads",
        type=_at_least(int, 1),
        default=None,
        metavar="N",
        help="to compute with (default: all cores)",
    )
    return parser


def mnist(arguments: Sequence[str]) -> int:
    """Train on MNIST; gives the exit code."""
    options = mnist_parser().parse_args(list(arguments))
    try:
        from .demos.mnist import run

        return run(options)
    except KeyboardInterrupt:  # before or after training
        sys.stderr.write("\nrushlight mnist: interrupted\n")
        return 130
