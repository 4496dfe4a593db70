"""Bessel functions of the first, second and modified kinds, and Airy's function.

Each is computed in float64, in pieces: a Chebyshev series of what is left when the singularities are taken out, or of
what the asymptotic expansion multiplies with (Abramowitz and Stegun 9.2, 9.6, 9.7, 10.4). The series are own fits with
45 digits, cut off at 2e-18 of their largest coefficient. They have no derivatives, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial.chebyshev import chebval
from numpy.polynomial.polynomial import polyval

from ..autograd import no_grad
from ..tensor import Tensor, into
from .elementwise import require_tensor, unary

__all__: list[str] = []  # they are names of torch.special only


# -- J and Y --------------------------------------------------------------------------------------------------------
# For x <= 8, in u = x*x / 32 - 1: J0, J1 / x, Y0 - 2/pi log(x) J0, (Y1 - 2/pi (log(x) J1 - 1/x)) / x.
_J0 = [
    0.15772797147489012, -0.008723442352852221, 0.2651786132033368, -0.37009499387264977, 0.15806710233209725,
    -0.034893769411408884, 0.004819180069467605, -0.00046062616620627504, 3.246032882100508e-05,
    -1.7619469077621507e-06, 7.608163592418782e-08, -2.679253530557673e-09, 7.848696314479465e-11,
    -1.9438346867370164e-12, 4.125320595634374e-14, -7.588508125447546e-16, 1.2218515873961411e-17,
]  # fmt: skip
_J1 = [
    0.08104484632565812, -0.1489751450676521, 0.1609992623572097, -0.08268049176681791, 0.022213639654966037,
    -0.003646940600769276, 0.0004050337728354822, -3.255554866857259e-05, 1.9858774049915165e-06,
    -9.521984756750436e-08, 3.687133759097148e-09, -1.178026622695885e-10, 3.160154580348003e-12,
    -7.221755239651773e-14, 1.4232144003513942e-15, -2.4441972916190464e-17, 3.6912682997929334e-19,
]  # fmt: skip
_Y0 = [
    -0.03314611320328494, -0.2744743055297453, 0.17903431407718265, 0.26156734625504663, -0.17730201278114358,
    0.04719668959576339, -0.007287962479552079, 0.0007531135932577742, -5.632079141056987e-05,
    3.206532537654801e-06, -1.44072332740187e-07, 5.248794787330516e-09, -1.5837552541812015e-10,
    4.02633081830612e-12, -8.747341203310769e-14, 1.6434898714919468e-15, -2.6977881152566837e-17,
]  # fmt: skip
_Y1 = [
    0.0025380132357417816, -0.01608717304766875, -0.09591204536083074, 0.08445197259652346, -0.028328123944594365,
    0.005289897544167113, -0.0006414551451326356, 5.505982873338744e-05, -3.53808001868935e-06,
    1.7707804556154404e-07, -7.11055004989928e-09, 2.344337905911516e-10, -6.4651518414115946e-12,
    1.51429151205002e-13, -3.0511859694473254e-15, 5.34668038572867e-17, -8.224911372021585e-19,
]  # fmt: skip
# For x > 8, in u = 2 (8/x)**2 - 1: P and Q x / 8 of sqrt(pi x / 2) (J + i Y) = (P + i Q) exp(i phase).
_P0 = [
    0.9994603493475187, -0.0005365220468132117, 3.0751847875194745e-06, -5.1705945376060975e-08,
    1.6306464635151382e-09, -7.86409137723707e-11, 5.168262387349193e-12, -4.3045788699253914e-13,
    4.3265957431549404e-14, -5.069034095935236e-15, 6.748072215733873e-16, -1.0011513723467786e-16,
    1.6305919233744186e-17, -2.880866169482871e-18,
]  # fmt: skip
_Q0 = [
    -0.015555854605337009, 6.838519942611649e-05, -7.414498411060647e-07, 1.7972457247968992e-08,
    -7.27191593686632e-10, 4.2201219046687385e-11, -3.206747420996635e-12, 3.006145125351706e-13,
    -3.336328185322427e-14, 4.255225040245461e-15, -6.09993013164005e-16, 9.662128970303257e-17,
    -1.6686065214378146e-17, 3.1082440486738143e-18, -6.191115787358145e-19, 1.3091448717220122e-19,
]  # fmt: skip
_P1 = [
    1.0009030408600137, 0.0008989898330859408, -3.987284300488908e-06, 6.177633960644299e-08,
    -1.8718907491063067e-09, 8.816898659582339e-11, -5.704863640395645e-12, 4.699195515230542e-13,
    -4.6842237839904895e-14, 5.452674896044717e-15, -7.221180842274018e-16, 1.0667689114335412e-16,
    -1.7312313216116335e-17, 3.0492991197665872e-18,
]  # fmt: skip
_Q1 = [
    0.04677778706953532, -9.62772354915708e-05, 9.138615257955454e-07, -2.0959781384083424e-08,
    8.229193327650554e-10, -4.686363688176945e-11, 3.5152187949686082e-12, -3.2643156743279e-13,
    3.5967765829165294e-14, -4.5612523950772974e-15, 6.508282957783384e-16, -1.0269147531823243e-16,
    1.767635548776479e-17, -3.2834519872981614e-18, 6.524081149589261e-19, -1.3765771484849487e-19,
]  # fmt: skip


def _split(x: np.ndarray, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """The values as they are below `edge`, and above it; the other ones held at it, so that nothing overflows."""
    return np.minimum(x, edge), np.maximum(x, edge)


def _wave(x: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """J and Y for x >= 8. The sine of x less a multiple of pi/4 comes from sin(x) and cos(x), which are exact."""
    u = 2 * np.square(8 / x) - 1
    p, q = chebval(u, (_P0, _P1)[order]), chebval(u, (_Q0, _Q1)[order]) * 8 / x
    s, c = np.sin(x), np.cos(x)
    cosine, sine = (c + s, s - c) if order == 0 else (s - c, -s - c)
    scale = 1 / np.sqrt(math.pi * x)
    return scale * (p * cosine - q * sine), scale * (p * sine + q * cosine)


def _first_kind(x: np.ndarray, order: int) -> np.ndarray:
    t = np.abs(x)
    low, high = _split(t, 8.0)
    near = chebval(low * low / 32 - 1, (_J0, _J1)[order]) * (low if order else 1)
    y = np.where(t <= 8, near, _wave(high, order)[0])
    return np.copysign(y, y * x) if order else y


def _second_kind(x: np.ndarray, order: int) -> np.ndarray:
    low, high = _split(x, 8.0)
    rest = chebval(low * low / 32 - 1, (_Y0, _Y1)[order])
    if order == 0:
        near = rest + 2 / math.pi * np.log(low) * _first_kind(low, 0)
    else:
        near = rest * low + 2 / math.pi * (np.log(low) * _first_kind(low, 1) - 1 / low)
    return np.where(x < 0, np.nan, np.where(x == 0, -np.inf, np.where(x <= 8, near, _wave(high, order)[1])))


# -- K --------------------------------------------------------------------------------------------------------------
# For x <= 2, in u = x*x / 2 - 1: K0 + log(x/2) I0, (K1 - log(x/2) I1) x.
_K0 = [
    -0.2676636966169514, 0.3442898999246285, 0.0359799365153615, 0.001264615411446926, 2.286212103119452e-05,
    2.5347910790261494e-07, 1.904516377220209e-09, 1.0349695257633625e-11, 4.2598161427910826e-14,
    1.3744654358807508e-16,
]  # fmt: skip
_K1 = [
    0.7626501136694739, -0.3531559607765449, -0.12261118082265715, -0.006975723859639864, -0.0001730288957513052,
    -2.4334061415659684e-06, -2.213387630734726e-08, -1.4114883926335278e-10, -6.666901694199329e-13,
    -2.427449850519366e-15, -7.023863479386288e-18,
]  # fmt: skip
# For x > 2, in u = 4/x - 1: exp(x) sqrt(x) K.
_K0_LARGE = [
    1.2201515410329777, -0.0314481013119645, 0.0015698838857300533, -0.00012849549581627802, 1.39498137188765e-05,
    -1.8317555227191195e-06, 2.766813639445015e-07, -4.660489897687948e-08, 8.574034017414225e-09,
    -1.6975345093890614e-09, 3.5773972814003283e-10, -7.957489244477396e-11, 1.8559491149549264e-11,
    -4.514597883374519e-12, 1.1403405882073441e-12, -2.9800969231481784e-13, 8.032890775068375e-14,
    -2.2275133267462965e-14, 6.340076476276646e-15, -1.848593377920907e-15, 5.5120559994043335e-16,
    -1.6782311257549006e-16, 5.2103917776435543e-17, -1.6475805939842632e-17, 5.3004337711773354e-18,
]  # fmt: skip
_K1_LARGE = [
    1.3603130952422213, 0.10392373657681724, -0.002857816859622779, 0.00019521551847135162, -1.936197974166083e-05,
    2.406484947837217e-06, -3.5019606030878126e-07, 5.7410841254500495e-08, -1.0345762465678097e-08,
    2.0150497551970347e-09, -4.1903547593419254e-10, 9.218315187605315e-11, -2.129967838427791e-11,
    5.139639673482343e-12, -1.2891739609498229e-12, 3.348419666052243e-13, -8.976705182010146e-14,
    2.4771544242195988e-14, -7.0198370892147685e-15, 2.038703166239861e-15, -6.057047270643018e-16,
    1.8380935752430455e-16, -5.689462849193648e-17, 1.7940510478863572e-17, -5.7567444820733025e-18,
]  # fmt: skip


# I0 and I1 / (x/2) for x <= 2, in x*x / 4: the power series.
_I0 = [1 / math.factorial(k) ** 2 for k in range(13)]
_I1 = [1 / (math.factorial(k) * math.factorial(k + 1)) for k in range(13)]


def _modified(x: np.ndarray, order: int, scaled: bool) -> np.ndarray:
    """K, or exp(x) K."""
    low, high = _split(x, 2.0)
    u, log = low * low / 2 - 1, np.log(low / 2)
    if order == 0:
        near = chebval(u, _K0) - log * polyval(low * low / 4, _I0)
    else:
        near = chebval(u, _K1) / low + log * low / 2 * polyval(low * low / 4, _I1)
    far = chebval(4 / high - 1, (_K0_LARGE, _K1_LARGE)[order]) / np.sqrt(high)
    y = np.where(x <= 2, near * np.exp(low) if scaled else near, far if scaled else far * np.exp(-high))
    return np.where(x < 0, np.nan, np.where(x == 0, np.inf, y))


# -- Airy's function ----------------------------------------------------------------------------------------------
# On [-4, -1], in (2 x + 5) / 3, and on [-1, 2], in (2 x - 1) / 3.
_AI_LOW = [
    0.062229454067669644, 0.44695518603476037, 0.17501624212363576, -0.16052390879330117, -0.00227330503438799,
    0.017099292454796012, -0.002523620211206676, -0.0006143512868249757, 0.00020510175850894856,
    -3.86178317380238e-06, -6.252178365898472e-06, 8.7658056746155e-07, 5.300307307060198e-08,
    -2.5364145447544824e-08, 1.6975442646624112e-09, 2.7692687785304295e-10, -5.558019319957881e-11,
    1.2897596891612381e-12, 6.413178281891877e-13, -7.516594272816205e-14, -8.728415353901374e-16,
    9.024963323112002e-16, -6.712378177357523e-17, -3.2022804353042905e-18,
]  # fmt: skip
_AI_MIDDLE = [
    0.2676465679478183, -0.27413562570445255, 0.026550843715037208, 0.022919635826038183, -0.009187462973214575,
    0.0009831118207400977, 0.00022398529549616338, -8.646367638155506e-05, 8.949642886049331e-06,
    9.285326183826722e-07, -3.7891431085118655e-07, 3.772257506633523e-08, 2.0534110768744068e-09,
    -9.584982974683066e-10, 9.226530466678338e-11, 2.6758945807059573e-12, -1.5776675038722421e-12,
    1.477532772313413e-13, 2.0559424020012604e-15, -1.824267769454542e-15, 1.6715205950412597e-16,
    6.91649140802899e-19, -1.5629584695161019e-18,
]  # fmt: skip
# For x > 2, with z = 2/3 x**1.5: exp(z) x**0.25 Ai, in 2 z(2)/z - 1.
_AI_LARGE = [
    0.2776956095117059, -0.004172967562045923, 0.00020669586013998011, -1.7280997841068207e-05,
    1.928052166797157e-06, -2.605774398776262e-07, 4.051516883512395e-08, -7.022240440986223e-09,
    1.3286081997701028e-09, -2.703558037129289e-10, 5.852297782838998e-11, -1.3363584416519756e-11,
    3.1978547149289153e-12, -7.976813559559603e-13, 2.0651347541109665e-13, -5.52899978215978e-14,
    1.526165619010181e-14, -4.331979304955806e-15, 1.2616239319898747e-15, -3.7626070399357594e-16,
    1.1471616156264618e-16, -3.570144365109208e-17, 1.1326462271400218e-17, -3.658761589006902e-18,
    1.2021046148071358e-18,
]  # fmt: skip
# For x < -4, with z = 2/3 |x|**1.5: F and G z / z(4) of |x|**0.25 (Ai, Bi) turned back by z + pi/4, in 2 (z(4)/z)**2 - 1.
_AI_F = [
    0.5638346457165677, -0.00035074744435224884, 4.051554724936786e-06, -1.306815301463796e-07,
    7.45648970311796e-09, -6.171521005847185e-10, 6.654402162224346e-11, -8.755568954306792e-12,
    1.3466795822486583e-12, -2.350148010839466e-13, 4.553956711830768e-14, -9.640630813815505e-15,
    2.202000997964978e-15, -5.373328495995215e-16, 1.3897575315243399e-16, -3.785191620101875e-17,
    1.0798248330927818e-17, -3.2119788953632117e-18,
]  # fmt: skip
_AI_G = [
    0.0072803417626275775, -6.441442577322096e-05, 1.393634770169001e-06, -6.362018864943733e-08,
    4.577909045510164e-09, -4.4934862451968417e-10, 5.5350017020486276e-11, -8.11617496895129e-12,
    1.3671522511816204e-12, -2.5796120402470077e-13, 5.351740789281521e-14, -1.203682304596031e-14,
    2.9029011066673468e-15, -7.441465375500592e-16, 2.0133226272868547e-16, -5.715635986780051e-17,
    1.694336535730102e-17, -5.223190406865505e-18, 1.668601532600141e-18, -5.507332651262052e-19,
    1.8731222471272741e-19, -6.549891571528144e-20, 2.3500187505683717e-20,
]  # fmt: skip
_Z2, _Z4 = 2 / 3 * 2**1.5, 16 / 3


def _airy(x: np.ndarray) -> np.ndarray:
    t = np.maximum(-x, 4.0)
    z = 2 / 3 * t * np.sqrt(t)
    u = 2 * np.square(_Z4 / z) - 1
    f, g = chebval(u, _AI_F), chebval(u, _AI_G) * _Z4 / z
    s, c = np.sin(z), np.cos(z)
    left = ((s + c) * f - (c - s) * g) * math.sqrt(0.5) / np.sqrt(np.sqrt(t))
    low = chebval((2 * np.clip(x, -4, -1) + 5) / 3, _AI_LOW)
    middle = chebval((2 * np.clip(x, -1, 2) - 1) / 3, _AI_MIDDLE)
    t = np.maximum(x, 2.0)
    z = 2 / 3 * t * np.sqrt(t)
    right = np.exp(-z) * chebval(2 * _Z2 / z - 1, _AI_LARGE) / np.sqrt(np.sqrt(t))
    y = np.where(x < -4, left, np.where(x < -1, low, np.where(x <= 2, middle, right)))
    return np.where(np.isinf(x), np.nan, y)  # as PyTorch has it


def _spherical(x: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(x), 0.0, np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x)))


_BLOCK = 4096  # elements at a time, so that what is computed in between stays in the cache


# -- functions ------------------------------------------------------------------------------------------------------
def _make(name: str, fn: Callable, doc: str, example: str) -> Callable:
    def in_float64(a: np.ndarray) -> np.ndarray:
        x, y = np.ravel(a), np.empty(a.size, a.dtype)
        for i in range(0, a.size, _BLOCK):
            y[i : i + _BLOCK] = fn(x[i : i + _BLOCK].astype(np.float64))
        return y.reshape(a.shape)

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        require_tensor(name, input)
        d = input.dtype
        if d.is_complex or (d.is_floating_point and d.itemsize < 4):
            raise NotImplementedError(
                f"special.{name}: input must be float32, float64, integer or bool, got {d}"
            )
        with no_grad():
            y = unary(None, in_float64, input)
        return y if out is None else into(out, y, f"special.{name}")

    function.__name__ = function.__qualname__ = name
    value, result = example.split(" -> ")
    function.__doc__ = f"""{doc} It has no derivative, as in PyTorch.

    Example:
        >>> rushlight.special.{name}(rushlight.tensor([{value}]))
        tensor([{result}])
    """
    return function


bessel_j0 = _make(
    "bessel_j0",
    lambda x: _first_kind(x, 0),
    "The Bessel function of the first kind of order 0.",
    "1.0 -> 0.7652",
)
bessel_j1 = _make(
    "bessel_j1",
    lambda x: _first_kind(x, 1),
    "The Bessel function of the first kind of order 1.",
    "1.0 -> 0.4401",
)
bessel_y0 = _make(
    "bessel_y0",
    lambda x: _second_kind(x, 0),
    "The Bessel function of the second kind of order 0; NaN below 0.",
    "1.0 -> 0.0883",
)
bessel_y1 = _make(
    "bessel_y1",
    lambda x: _second_kind(x, 1),
    "The Bessel function of the second kind of order 1; NaN below 0.",
    "1.0 -> -0.7812",
)
modified_bessel_k0 = _make(
    "modified_bessel_k0",
    lambda x: _modified(x, 0, False),
    "The modified Bessel function of the second kind of order 0; NaN below 0.",
    "1.0 -> 0.4210",
)
modified_bessel_k1 = _make(
    "modified_bessel_k1",
    lambda x: _modified(x, 1, False),
    "The modified Bessel function of the second kind of order 1; NaN below 0.",
    "1.0 -> 0.6019",
)
scaled_modified_bessel_k0 = _make(
    "scaled_modified_bessel_k0",
    lambda x: _modified(x, 0, True),
    "`exp(x) * modified_bessel_k0(x)`, also where the latter is too small.",
    "1.0 -> 1.1445",
)
scaled_modified_bessel_k1 = _make(
    "scaled_modified_bessel_k1",
    lambda x: _modified(x, 1, True),
    "`exp(x) * modified_bessel_k1(x)`, also where the latter is too small.",
    "1.0 -> 1.6362",
)
airy_ai = _make(
    "airy_ai", _airy, "Airy's function Ai: the solution of y'' = x y that falls off.", "0.0 -> 0.3550"
)
spherical_bessel_j0 = _make(
    "spherical_bessel_j0",
    _spherical,
    "The spherical Bessel function of order 0, `sin(x) / x`.",
    "1.0 -> 0.8415",
)
