"""Transforms: results that can be told beforehand, PIL and tensor images alike, torchvision's draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight.vision import transforms as T
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms.affine import inverse_matrix

Image = pytest.importorskip("PIL.Image")


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def grey(h=5, w=7):
    return Image.fromarray(pixels(h, w))


def rgb(h=5, w=7):
    return Image.fromarray(pixels(h, w, 3))


def array(img):
    """Of a PIL image or tensor, as (H, W[, C])."""
    if isinstance(img, rl.Tensor):
        a = img.numpy()
        return a[0] if len(a) == 1 else a.transpose(1, 2, 0)
    return np.asarray(img)


# -- conversions ----------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [grey, rgb])
def test_to_tensor(make):
    img = make()
    t = F.to_tensor(img)
    assert t.dtype is rl.float32
    assert t.is_contiguous()
    want = np.asarray(img).astype(np.float32) / np.float32(255)
    assert (array(t) == want).all()
    assert (F.to_tensor(np.asarray(img)).numpy() == t.numpy()).all()
    assert (F.pil_to_tensor(img).numpy() / np.float32(255) == t.numpy()).all()


@pytest.mark.parametrize(("mode", "dtype"), [("I", rl.int32), ("F", rl.float32)])
def test_to_tensor_of_other_modes(mode, dtype):
    t = F.to_tensor(grey().convert(mode))
    assert t.dtype is dtype
    assert (array(t) == np.asarray(grey())).all()


def test_to_tensor_of_bits():
    assert F.to_tensor(Image.fromarray(np.array([[True, False]]))).tolist() == [[[1.0, 0.0]]]


def test_to_tensor_of_arrays_of_other_types_does_not_scale():
    assert F.to_tensor(np.ones((2, 2), np.float64)).dtype is rl.float64
    assert F.to_tensor(np.full((2, 2, 3), 7, np.int32)).shape == (3, 2, 2)


@pytest.mark.parametrize("make", [grey, rgb])
def test_there_and_back(make):
    img = make()
    assert (np.asarray(F.to_pil_image(F.to_tensor(img))) == np.asarray(img)).all()
    assert (np.asarray(F.to_pil_image(F.pil_to_tensor(img))) == np.asarray(img)).all()
    assert F.to_pil_image(np.asarray(img)).mode == img.mode


def test_to_pil_image_modes():
    assert F.to_pil_image(rl.zeros(2, 4, 4)).mode == "LA"
    assert F.to_pil_image(rl.zeros(4, 4, 4)).mode == "RGBA"
    assert F.to_pil_image(rl.zeros(3, 4, 4), mode="YCbCr").mode == "YCbCr"
    assert F.to_pil_image(rl.zeros(4, 4), mode="F").mode == "F"
    assert T.ToPILImage()(rl.zeros(4, 6)).size == (6, 4)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.to_tensor("a"), TypeError, "pic should be PIL Image or ndarray"),
        (lambda: F.to_tensor(np.zeros(3)), ValueError, "2/3 dimensional"),
        (lambda: F.to_pil_image(rl.zeros(3)), ValueError, "2/3 dimensional"),
        (lambda: F.to_pil_image(rl.zeros(5, 2, 2)), ValueError, "> 4 channels"),
        (lambda: F.to_pil_image(rl.zeros(1, 2, 2), mode="RGB"), ValueError, "Incorrect mode"),
        (
            lambda: F.normalize(rl.zeros(1, 2, 2, dtype=rl.uint8), [0], [1]),
            TypeError,
            "should be a float tensor",
        ),
        (lambda: F.normalize(rl.zeros(2, 2), [0], [1]), ValueError, r"\(\.\.\., C, H, W\)"),
        (lambda: F.normalize(rl.zeros(1, 2, 2), [0], [0]), ValueError, "division by zero"),
        (lambda: F.normalize(grey(), [0], [1]), TypeError, "should be Tensor Image"),
        (lambda: F.pad(grey(), "x"), TypeError, "padding must be a number"),
        (lambda: F.pad(grey(), [1, 2, 3]), ValueError, "1, 2 or 4 numbers, got 3"),
        (lambda: F.pad(grey(), 1, padding_mode="round"), ValueError, "constant, edge, reflect or symmetric"),
        (lambda: F.resize(grey(), [1, 2, 3]), ValueError, "1 or 2 numbers"),
        (lambda: F.resize(grey(), 5, interpolation="bilinear"), TypeError, "InterpolationMode"),
        (lambda: F.resize(grey(), 5, max_size=4), ValueError, "max_size must be greater"),
        (lambda: F.five_crop(grey(), 9), ValueError, "Requested crop size"),
        (lambda: F.hflip("a"), TypeError, "PIL image or a Tensor"),
        (lambda: F.adjust_brightness(grey(), -1), ValueError, "not non-negative"),
        (lambda: F.adjust_hue(rgb(), 0.6), ValueError, r"is not in \[-0.5, 0.5\]"),
        (lambda: T.RandomCrop(9)(grey()), ValueError, "larger than input image size"),
        (lambda: T.Lambda(3), TypeError, "should be callable"),
        (lambda: T.Resize("a" * 3), ValueError, "1 or 2 values"),
        (lambda: T.ColorJitter(brightness=-1), ValueError, "must be non negative"),
        (lambda: T.ColorJitter(hue=0.7), ValueError, "hue values should be between"),
        (lambda: T.RandomErasing(value="x"), ValueError, "must be 'random'"),
        (lambda: T.GaussianBlur(4), ValueError, "odd and positive"),
        (lambda: T.RandomRotation(-3), ValueError, "must be positive"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_normalize():
    x = rl.rand(3, 4, 5)
    mean, std = [0.1, 0.2, 0.3], [0.5, 0.6, 0.7]
    want = (x.numpy() - np.float32(mean)[:, None, None]) / np.float32(std)[:, None, None]
    assert (T.Normalize(mean, std)(x).numpy() == want).all()
    assert (F.normalize(rl.stack([x, x]), mean, std)[1].numpy() == want).all()
    y = x.clone()
    assert F.normalize(y, mean, std, inplace=True) is y
    assert (y.numpy() == want).all()
    z = x.clone().requires_grad_()
    assert F.normalize(z, mean, std).requires_grad


def test_convert_image_dtype():
    x = rl.tensor([0, 1, 128, 255], dtype=rl.uint8)
    f = F.convert_image_dtype(x)
    assert (f.numpy() == np.float32([0, 1, 128, 255]) / np.float32(255)).all()
    assert F.convert_image_dtype(f, rl.uint8).tolist() == [0, 1, 128, 255]
    assert F.convert_image_dtype(x, rl.int16).tolist() == [0, 128, 16384, 32640]
    assert F.convert_image_dtype(rl.tensor([32767], dtype=rl.int16), rl.uint8).tolist() == [255]
    with pytest.raises(RuntimeError, match="cannot be performed safely"):
        F.convert_image_dtype(f, rl.int32)


# -- geometry: a PIL image and a tensor give the same pixels -----------------------------------------
GEOMETRY = {
    "hflip": F.hflip,
    "vflip": F.vflip,
    "crop": lambda i: F.crop(i, 1, 2, 3, 4),
    "crop_outside": lambda i: F.crop(i, -2, 5, 6, 8),
    "crop_far_outside": lambda i: F.crop(i, 10, 20, 3, 3),
    "center_crop": lambda i: F.center_crop(i, 3),
    "center_crop_odd": lambda i: F.center_crop(i, (2, 5)),
    "center_crop_padded": lambda i: F.center_crop(i, (8, 4)),
    "pad": lambda i: F.pad(i, 2),
    "pad_sides": lambda i: F.pad(i, [1, 2, 3, 0], fill=9),
    "pad_edge": lambda i: F.pad(i, [1, 2], padding_mode="edge"),
    "pad_reflect": lambda i: F.pad(i, 2, padding_mode="reflect"),
    "pad_symmetric": lambda i: F.pad(i, 2, padding_mode="symmetric"),
    "pad_negative": lambda i: F.pad(i, [-1, 1, 2, -1], padding_mode="edge"),
    "five_crop": lambda i: F.five_crop(i, 3)[3],
    "ten_crop": lambda i: F.ten_crop(i, 3)[6],
    "resize_nearest": lambda i: F.resize(i, [10, 14], F.InterpolationMode.NEAREST),
    "rotate_90": lambda i: F.rotate(F.crop(i, 0, 0, 5, 5), 90),
    "invert": F.invert,
    "posterize": lambda i: F.posterize(i, 3),
    "solarize": lambda i: F.solarize(i, 100),
    "equalize": F.equalize,
}


@pytest.mark.parametrize("make", [grey, rgb])
@pytest.mark.parametrize("name", GEOMETRY)
def test_pil_and_tensor_agree(name, make):
    img = make()
    assert (array(GEOMETRY[name](img)) == array(GEOMETRY[name](F.pil_to_tensor(img)))).all()


CLOSE = {  # by one grey level: other roundings
    "resize_down": lambda i: F.resize(i, 16),
    "resize_up": lambda i: F.resize(i, [50, 70]),
    "resize_bicubic": lambda i: F.resize(i, [20, 25], F.InterpolationMode.BICUBIC),
    "resized_crop": lambda i: F.resized_crop(i, 3, 4, 20, 22, [10, 10]),
    "brightness": lambda i: F.adjust_brightness(i, 1.4),
    "contrast": lambda i: F.adjust_contrast(i, 0.4),
    "saturation": lambda i: F.adjust_saturation(i, 0.3),
    "autocontrast": F.autocontrast,
    "gamma": lambda i: F.adjust_gamma(i, 0.7),
    "grey": lambda i: F.rgb_to_grayscale(i, 3),
    "blur": lambda i: F.gaussian_blur(i, 3),
}


@pytest.mark.parametrize("name", CLOSE)
def test_pil_and_tensor_are_close(name):
    img = Image.fromarray(pixels(6, 8, 3)).resize((48, 36), 3)
    a, b = CLOSE[name](img), CLOSE[name](F.pil_to_tensor(img))
    assert abs(array(a).astype(int) - array(b).astype(int)).max() <= 2


def test_hue_goes_round():
    img = rgb(8, 8)
    assert abs(array(F.adjust_hue(img, 0.0)).astype(int) - np.asarray(img).astype(int)).max() <= 8
    t = F.to_tensor(img)
    assert np.allclose(F.adjust_hue(t, 0.0).numpy(), t.numpy(), atol=1e-5)
    red = rl.tensor([1.0, 0, 0])[:, None, None]
    assert np.allclose(F.adjust_hue(red, 1 / 3).flatten().tolist(), [0, 1, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("size", "max_size", "want"),
    [
        (10, None, (10, 14)),
        ((4, 9), None, (4, 9)),
        ([10], None, (10, 14)),
        (10, 12, (8, 12)),
        (5, None, (5, 7)),
    ],
)
def test_resize_sizes(size, max_size, want):
    img = T.Resize(size, max_size=max_size)(grey(5, 7))
    assert img.size == (want[1], want[0])
    assert F.resize(F.pil_to_tensor(grey(5, 7)), size, max_size=max_size).shape == (1, *want)
    assert F.output_size(size, 7, 5, max_size) == (want if isinstance(size, tuple) else want[::-1])


def test_crop_of_the_middle_rounds_as_python():
    t = rl.arange(16).reshape(1, 4, 4)
    assert F.center_crop(t, 1).item() == 10  # round(1.5) is 2
    assert F.center_crop(t, 3)[0, 0, 0].item() == 0  # round(0.5) is 0


def test_rotate_expands():
    assert F.rotate(grey(4, 8), 90, expand=True).size == (4, 8)
    assert F.rotate(F.pil_to_tensor(grey(4, 8)), 90, expand=True).shape == (1, 8, 4)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("fill", [None, 0.5])
def test_rotate_of_tensors_samples_a_grid(mode, fill, torch):
    """As torchvision does it, with PyTorch's grid_sample."""
    x = rl.rand(2, 5, 7)
    matrix = torch.tensor(inverse_matrix([0, 0], -30, [0, 0], 1, [0, 0])).reshape(1, 2, 3)
    base = torch.ones(1, 5, 7, 3)
    base[..., 0] = torch.linspace(-3, 3, 7)
    base[..., 1] = torch.linspace(-2, 2, 5)[:, None]
    grid = base.view(1, 35, 3).bmm(matrix.transpose(1, 2) / torch.tensor([3.5, 2.5])).view(1, 5, 7, 2)
    theirs = torch.from_numpy(x.numpy())[None]
    want = torch.nn.functional.grid_sample(theirs, grid, mode=mode, align_corners=False)[0]
    if fill is not None:
        ones = torch.nn.functional.grid_sample(torch.ones(1, 1, 5, 7), grid, mode=mode, align_corners=False)[
            0
        ]
        want = want * ones + (1 - ones) * fill
    got = F.rotate(x, 30, F.InterpolationMode(mode), fill=fill)
    assert np.allclose(got.numpy(), want.numpy(), atol=1e-5)


def test_affine_moves():
    t = rl.zeros(1, 5, 5)
    t[0, 2, 2] = 1
    assert F.affine(t, 0, [1, -1], 1.0, 0.0)[0, 1, 3].item() == 1
    img = F.to_pil_image(t)
    assert np.asarray(F.affine(img, 0, [1, -1], 1.0, 0.0))[1, 3] == 255


def test_linear_transformation():
    t = T.LinearTransformation(rl.eye(12) * 2, rl.ones(12))
    assert (t(rl.ones(3, 2, 2) * 3).numpy() == 4).all()


# -- random draws: as torchvision makes them, told in torch calls ---------------------------------------
def test_random_flips_draw_one_number(torch):
    torch.manual_seed(5)
    want = [bool(torch.rand(1) < 0.3) for _ in range(50)]
    rl.manual_seed(5)
    t = rl.tensor([[[1.0, 2.0]]])
    flip = T.RandomHorizontalFlip(0.3)
    assert [flip(t)[0, 0, 0].item() == 2 for _ in range(50)] == want


def test_random_crop_draws_top_then_left(torch):
    torch.manual_seed(5)
    want = [(torch.randint(0, 7, (1,)).item(), torch.randint(0, 4, (1,)).item()) for _ in range(20)]
    rl.manual_seed(5)
    crop = T.RandomCrop((4, 7), padding=1)
    t = rl.arange(64).reshape(1, 8, 8) + 1
    got = []
    for _ in range(20):
        top, left, _, _ = crop.get_params(F.pad(t, 1), (4, 7))
        got.append((top, left))
    assert got == want
    assert crop(t).shape == (1, 4, 7)
    state = rl.get_rng_state()
    T.RandomCrop(8)(t)  # the whole image: nothing is drawn
    assert (rl.get_rng_state().numpy() == state.numpy()).all()


def test_random_resized_crop_draws(torch):
    def theirs(height, width, scale, ratio):
        log = torch.log(torch.tensor(ratio))
        for _ in range(10):
            area = height * width * torch.empty(1).uniform_(*scale).item()
            aspect = torch.exp(torch.empty(1).uniform_(log[0].item(), log[1].item())).item()
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                return (
                    torch.randint(0, height - h + 1, (1,)).item(),
                    torch.randint(0, width - w + 1, (1,)).item(),
                    h,
                    w,
                )
        return None

    t, scale, ratio = rl.zeros(1, 40, 60), (0.08, 1.0), (3 / 4, 4 / 3)
    torch.manual_seed(1)
    want = [theirs(40, 60, scale, ratio) for _ in range(20)]
    rl.manual_seed(1)
    got = [T.RandomResizedCrop.get_params(t, scale, ratio) for _ in range(20)]
    assert [g for g, w in zip(got, want, strict=True) if w] == [w for w in want if w]
    assert T.RandomResizedCrop(8)(t).shape == (1, 8, 8)


def test_color_jitter_draws_the_order_first(torch):
    torch.manual_seed(2)
    order, b, h = (
        torch.randperm(4),
        torch.empty(1).uniform_(0.5, 1.5).item(),
        torch.empty(1).uniform_(-0.1, 0.1).item(),
    )
    rl.manual_seed(2)
    got = T.ColorJitter.get_params((0.5, 1.5), None, None, (-0.1, 0.1))
    assert got[0].tolist() == order.tolist()
    assert got[1:] == (b, None, None, h)
    assert T.ColorJitter(0.5, 0.5, 0.5, 0.1)(rgb()).size == (7, 5)


def test_random_apply_choice_order():
    add, double = T.Lambda(lambda x: x + 1), T.Lambda(lambda x: x * 2)
    assert T.RandomApply([add, double], p=1.0)(3) == 8
    assert T.RandomApply([add, double], p=0.0)(3) == 3
    assert T.RandomChoice([add, double])(5) in (6, 10)
    assert T.RandomOrder([add, double])(5) in (11, 12)
    assert T.RandomChoice([add, double], p=[0, 1])(5) == 10


def test_random_erasing():
    t = rl.ones(3, 20, 20)
    out = T.RandomErasing(p=1.0)(t)
    assert 0 < (out.numpy() == 0).mean() < 0.5
    assert (t.numpy() == 1).all()
    noise = T.RandomErasing(p=1.0, value="random")(t)
    assert len(np.unique(noise.numpy())) > 10
    assert T.RandomErasing(p=0.0)(t) is t


@pytest.mark.parametrize("make", [grey, rgb])
def test_the_others_run_on_both_kinds(make):
    for t in (
        T.RandomRotation(30),
        T.RandomAffine(10, (0.1, 0.2), (0.8, 1.2), (5, 8, -3, 3)),
        T.RandomVerticalFlip(),
        T.RandomInvert(1.0),
        T.RandomGrayscale(1.0),
        T.RandomAutocontrast(1.0),
        T.RandomEqualize(1.0),
        T.RandomPosterize(4, 1.0),
        T.RandomSolarize(90, 1.0),
        T.Grayscale(3),
        T.GaussianBlur(3),
        T.FiveCrop(2),
        T.TenCrop(2),
    ):
        for img in (make(), F.pil_to_tensor(make())):
            assert t(img) is not None
            assert repr(t).startswith(type(t).__name__)


def test_representations_are_torchvisions():
    steps = T.Compose([T.Resize(8), T.RandomCrop(4, padding=1), T.ToTensor(), T.Normalize((0.5,), (0.5,))])
    assert repr(steps).splitlines() == [
        "Compose(",
        "    Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)",
        "    RandomCrop(size=(4, 4), padding=1)",
        "    ToTensor()",
        "    Normalize(mean=(0.5,), std=(0.5,))",
        ")",
    ]
    assert repr(T.RandomHorizontalFlip()) == "RandomHorizontalFlip(p=0.5)"
    assert (
        repr(T.RandomRotation(10))
        == "RandomRotation(degrees=[-10.0, 10.0], interpolation=nearest, expand=False, fill=0)"
    )
    assert repr(T.Pad(2)) == "Pad(padding=2, fill=0, padding_mode=constant)"
    assert (
        repr(T.ColorJitter(0.5))
        == "ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=None)"
    )
