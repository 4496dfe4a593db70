"""Benchmarks of optim/: one step over 48 tensors of 6.3 million parameters, and over six small ones."""

from registry import model

LARGE = [(512, 512), (512,)] * 24
SMALL = [(256, 784), (256,), (128, 256), (128,), (10, 128), (10,)]


def _steps(kind, shapes, **options):
    def make(lib):
        params = [lib.nn.Parameter(lib.randn(*shape)) for shape in shapes]
        for p in params:
            p.grad = lib.randn(*p.shape)
        return getattr(lib.optim, kind)(params, **options).step

    return make


def _declare(name, kind, shapes, **options):
    make = _steps(kind, shapes, **options)
    make.__name__ = name
    model(make)


for _size, _shapes in (("6m", LARGE), ("mlp", SMALL)):
    _declare(f"sgd_{_size}", "SGD", _shapes, lr=1e-3)
    _declare(f"sgd_momentum_{_size}", "SGD", _shapes, lr=1e-3, momentum=0.9)
    _declare(f"adam_{_size}", "Adam", _shapes, lr=1e-3)
    _declare(f"adamw_{_size}", "AdamW", _shapes, lr=1e-3)
    _declare(f"rmsprop_{_size}", "RMSprop", _shapes, lr=1e-3)
    _declare(f"adagrad_{_size}", "Adagrad", _shapes, lr=1e-3)
