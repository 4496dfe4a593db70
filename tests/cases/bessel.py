"""Cases of ops/bessel.py and ops/polynomials.py."""

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre

from harness import OpCase, T, call, fails

# The functions' values at these points, to 17 digits (computed with 30 by mpmath).
POINTS = [0.0625, 0.5, 1.0, 1.75, 2.0, 2.25, 3.5, 5.0, 7.75, 8.0, 8.25, 12.5, 30.0]
AIRY_POINTS = [-20.0, -8.5, -4.25, -4.0, -3.0, -1.0, -0.5, 0.0, 0.75, 2.0, 2.25, 5.0, 10.0]
VALUES = {
    "bessel_j0": [
        0.9990236758927106, 0.9384698072408129, 0.7651976865579666, 0.36903253018515075, 0.22389077914123567,
        0.08274985128873404, -0.3801277399872634, -0.1775967713143383, 0.22523406912010668, 0.1716508071375539,
        0.10920747150610137, 0.1468840547004211, -0.08636798358104021,
    ],
    "bessel_j1": [
        0.031234743694262265, 0.2422684576748739, 0.4400505857449335, 0.5801561976389925, 0.5767248077568734,
        0.5483783566469601, 0.1373775273623272, -0.32757913759146523, 0.1916025921891178, 0.23463634685391463,
        0.2622035519927438, -0.16548380461475973, -0.11875106261662294,
    ],
    "bessel_y0": [
        -1.8364722732208494, -0.44451873350670656, 0.08825696421567696, 0.46549262864690605, 0.5103756726497451,
        0.5200647624572783, 0.1890219439208265, -0.30851762524903376, 0.17676987751364717, 0.22352148938756622,
        0.2551496050986449, -0.1712143068446693, -0.11729573168666403,
    ],
    "bessel_y1": [
        -10.25328863150691, -1.471472392670243, -0.7812128213002887, -0.2539729859462457, -0.10703243154093754,
        0.02719205773801714, 0.41018841788751187, 0.14786314339122683, -0.21433222865940804, -0.1580604617312475,
        -0.0939944870646345, -0.1538382565375012, 0.08442557066174723,
    ],
    "modified_bessel_k0": [
        2.8923186673699384, 0.9244190712276659, 0.42102443824070834, 0.1553798123866036, 0.11389387274953344,
        0.08404311197465811, 0.01959889717036849, 0.0036910983340425942, 0.00019099545486702074,
        0.0001464707052228154, 0.0001123775092026635, 1.3084036967769775e-06, 2.1324774964630563e-14,
    ],
    "modified_bessel_k1": [
        15.894045582444432, 1.656441120003301, 0.6019072301972346, 0.19547745347439302, 0.13986588181652243,
        0.10121630256832526, 0.022239392925923834, 0.004044613445452165, 0.00020296330367377868,
        0.00015536921180500115, 0.00011900307866009921, 1.3597678438215176e-06, 2.1677320018915495e-14,
    ],
    "scaled_modified_bessel_k0": [
        3.0788571948399865, 1.5241093857739094, 1.144463079806895, 0.8941490841572174, 0.8415682150707714,
        0.7973788452810561, 0.6490263376886884, 0.547807564313519, 0.44340977933536646, 0.4366230186015861,
        0.4301390559732155, 0.35109349766701514, 0.22788666561625373,
    ],
    "scaled_modified_bessel_k1": [
        16.919123452299978, 2.731009708211786, 1.6361534862632583, 1.1248950768625277, 1.0334768470686886,
        0.960313541101207, 0.7364675480289125, 0.6002738587883126, 0.4711940069873715, 0.4631490928704961,
        0.45549925671024005, 0.36487641350940625, 0.2316541293777118,
    ],
    "airy_ai": [
        -0.1764061270779847, -0.33029023763020887, 0.12778292722826728, -0.07026553294928951, -0.37881429367765806,
        0.5355608832923521, 0.4757280916105396, 0.3550280538878172, 0.17933630547864524, 0.03492413042327438,
        0.023654658557747447, 0.00010834442813607442, 1.1047532552898686e-10,
    ],
}  # fmt: skip


def _points(name):
    return AIRY_POINTS if name == "airy_ai" else POINTS


def _bessel(name):
    return OpCase(
        f"special.{name}",
        [call(T(values=_points(name)))],
        reference=lambda x: np.array(VALUES[name]),
        grad=False,
        torch_dtypes=("float32",),  # in float64 PyTorch's own are exact to 1e-6 only
        errors=[
            fails(
                NotImplementedError, f"special.{name}: input must be float32, float64", T(3, dtype="float16")
            ),
            fails(
                NotImplementedError,
                f"special.{name}: input must be float32, float64",
                T(3, dtype="complex64"),
            ),
        ],
    )


def _by(values):
    """The reference from NumPy's evaluation of a series with one coefficient."""

    def reference(x, n):
        x, n = np.broadcast_arrays(x, n)
        one = [values(float(v), [0.0] * int(k) + [1.0]) if k >= 0 else 0.0 for v, k in zip(x.flat, n.flat)]
        return np.array(one).reshape(x.shape)

    return reference


def _angles(kind, shifted=False):
    def reference(x, n):
        t = np.arccos((2 * x - 1 if shifted else x).astype(np.complex128))
        y = {
            "u": lambda: np.sin((n + 1) * t) / np.sin(t),
            "v": lambda: np.cos((n + 0.5) * t) / np.cos(t / 2),
            "w": lambda: np.sin((n + 0.5) * t) / np.sin(t / 2),
            "t": lambda: np.cos(n * t),
        }[kind]().real
        return np.where(np.broadcast_to(n, y.shape) < 0, 0.0, y)

    return reference


DEGREES = [[-1.0], [0.0], [1.0], [2.0], [5.0], [8.0]]


def _polynomial(name, reference, low=-1.5, high=1.5):
    return OpCase(
        f"special.{name}",
        [
            call(T(6, low=low, high=high), 4),
            call(T(6, low=low, high=high), 0),
            call(T(6, low=low, high=high), T(values=DEGREES)),
        ],
        reference=reference,
        grad=False,
        rtol=1e-4,
        reason="large values of both signs cancel",
        errors=[
            fails(TypeError, f"special.{name}: input or n must be a Tensor, got two numbers", 0.5, 2),
            fails(NotImplementedError, f"special.{name}: input must be float32", T(3, dtype="float16"), 2),
        ],
    )


CASES = [
    *(_bessel(name) for name in VALUES),
    OpCase(
        "special.spherical_bessel_j0",
        [call(T(5, low=-9.0, high=9.0)), call(T(values=[0.0, np.inf, -np.inf]))],
        reference=lambda x: np.where(np.isinf(x), 0, np.sinc(np.where(np.isinf(x), 0, x) / np.pi)),
        grad=False,
    ),
    _polynomial("chebyshev_polynomial_t", _by(chebyshev.chebval)),
    *(_polynomial(f"chebyshev_polynomial_{k}", _angles(k)) for k in "uvw"),
    *(_polynomial(f"shifted_chebyshev_polynomial_{k}", _angles(k, True), 0.05, 1.2) for k in "tuvw"),
    _polynomial("hermite_polynomial_h", _by(hermite.hermval)),
    _polynomial("hermite_polynomial_he", _by(hermite_e.hermeval)),
    _polynomial("laguerre_polynomial_l", _by(laguerre.lagval)),
    _polynomial("legendre_polynomial_p", _by(legendre.legval)),
]
