"""Writes event files with the package tensorboard, which is imported when the first writer is made."""

from __future__ import annotations

import importlib
import io
import os
import socket
import time
from typing import Any

import numpy as np

from ...autograd.core import TensorBase

__all__ = ["SummaryWriter"]


def _array(x: Any) -> np.ndarray:
    array = x.detach().numpy() if isinstance(x, TensorBase) else np.asarray(x)  # type: ignore[attr-defined]
    return array.astype(np.float32) if array.dtype.kind == "V" else array  # bfloat16


def _setting(name: str, value: Any) -> Any:
    """A hyperparameter as TensorBoard keeps it: a bool, a string or a float."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, TensorBase) and value.numel() == 1:
        return float(_array(value).reshape(-1)[0])
    raise ValueError(
        f"add_hparams: {name} must be a number, str or bool (value should be one of int, float, str, bool, or "
        f"torch.Tensor), got {type(value).__name__}"
    )


class _Parts:
    """What is used of the package tensorboard."""

    def __init__(self) -> None:
        def proto(name: str) -> Any:
            return importlib.import_module(f"tensorboard.compat.proto.{name}_pb2")

        try:
            self.event, self.summary, self.tensor = proto("event"), proto("summary"), proto("tensor")
            self.shape = proto("tensor_shape")
            self.writer = importlib.import_module(
                "tensorboard.summary.writer.event_file_writer"
            ).EventFileWriter
        except ImportError as e:
            raise ImportError("SummaryWriter: needs the package tensorboard; pip install tensorboard") from e


class SummaryWriter:
    """Writes what happens in training into a folder that TensorBoard shows.

    Args:
        log_dir: The folder; default runs/<time>_<machine><comment>.
        comment: End of the default folder's name.
        purge_step: TensorBoard forgets what an earlier run wrote from this step on.
        max_queue: How many entries to keep before writing.
        flush_secs: Write at least this often, in seconds.
        filename_suffix: End of the file's name.
    Raises:
        ImportError: the package tensorboard is not installed.

    Example:
        >>> writer = SummaryWriter("runs/first")  # doctest: +SKIP
        >>> writer.add_scalar("loss", 0.5, global_step=1)  # doctest: +SKIP
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        self._parts = _Parts()
        if not log_dir:
            now = time.strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        self._options = (max_queue, flush_secs, filename_suffix)
        self._writers: dict[str, Any] = {}
        writer = self._writer(self.log_dir)
        if purge_step is not None:
            event = self._parts.event
            started = event.SessionLog(status=event.SessionLog.START)
            writer.add_event(event.Event(wall_time=time.time(), step=purge_step, session_log=started))

    def _writer(self, folder: str) -> Any:
        if folder not in self._writers:
            self._writers[folder] = self._parts.writer(folder, *self._options)
        return self._writers[folder]

    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    def _add(self, value: Any, step: Any, walltime: float | None, folder: str | None = None) -> None:
        event = self._parts.event.Event(
            wall_time=time.time() if walltime is None else walltime,
            summary=self._parts.summary.Summary(value=[value]),
        )
        if step is not None:
            event.step = int(step)
        self._writer(folder or self.log_dir).add_event(event)

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """One number.

        Args:
            tag: Its name.
            scalar_value: A number, or a tensor or array of one element.
            global_step: When in training.
            walltime: When, in seconds since 1970; default now.
            new_style: Write it as a tensor, as TensorFlow 2 does.
            double_precision: ... of float64.
        """
        array = _array(scalar_value)
        if array.size != 1:
            raise ValueError(f"add_scalar: scalar_value must have one element, got shape {array.shape}")
        self._scalar(tag, float(array.reshape(-1)[0]), global_step, walltime, new_style, double_precision)

    def _scalar(
        self,
        tag: str,
        number: float,
        step: Any,
        walltime: float | None,
        new_style: bool = False,
        double: bool = False,
        folder: str | None = None,
    ) -> None:
        make = self._parts.summary
        if not new_style:
            self._add(make.Summary.Value(tag=tag, simple_value=number), step, walltime, folder)
            return
        kind = (
            {"dtype": "DT_DOUBLE", "double_val": [number]}
            if double
            else {"dtype": "DT_FLOAT", "float_val": [number]}
        )
        metadata = make.SummaryMetadata(plugin_data=make.SummaryMetadata.PluginData(plugin_name="scalars"))
        tensor = self._parts.tensor.TensorProto(**kind)
        self._add(make.Summary.Value(tag=tag, tensor=tensor, metadata=metadata), step, walltime, folder)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers that are shown in one plot, each written into a folder of its own beside the main one."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag}_{tag}".replace("/", "_"))
            self._scalar(main_tag, float(_array(value).reshape(-1)[0]), global_step, walltime, folder=folder)

    def add_tensor(
        self, tag: str, tensor: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """All values of a tensor, as float32."""
        array = np.ascontiguousarray(_array(tensor), np.float32)
        dims = [self._parts.shape.TensorShapeProto.Dim(size=n) for n in array.shape]
        proto = self._parts.tensor.TensorProto(
            dtype="DT_FLOAT",
            tensor_shape=self._parts.shape.TensorShapeProto(dim=dims),
            float_val=array.reshape(-1).tolist(),
        )
        self._add(self._parts.summary.Summary.Value(tag=tag, tensor=proto), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How values are distributed.

        Args:
            values: A tensor, array or list.
            bins: 'tensorflow' (edges that grow by a tenth), or what `numpy.histogram` takes.
            max_bins: Join bins until there are at most this many.
        Raises:
            ValueError: there are no values.
        """
        array = _array(values).reshape(-1).astype(np.float64)
        if array.size == 0:
            raise ValueError("add_histogram: values must not be empty")
        edges = bins
        if isinstance(bins, str) and bins == "tensorflow":
            positive = 1e-12 * 1.1 ** np.arange(775)
            edges = np.concatenate([-positive[::-1], [0.0], positive])
        counts, limits = np.histogram(array, edges)
        if max_bins is not None and len(counts) > max_bins:
            factor = len(counts) // max_bins
            counts = np.add.reduceat(counts, np.arange(0, len(counts), factor))
            limits = np.concatenate([limits[:-1:factor], limits[-1:]])
        filled = np.flatnonzero(counts)
        first, last = (filled[0], filled[-1] + 1) if len(filled) else (0, 1)
        # A bin is told by its upper edge; an empty one before the first tells where that begins.
        shown = [0, *counts[first:last].tolist()]
        make = self._parts.summary
        histogram = make.HistogramProto(
            min=float(array.min()),
            max=float(array.max()),
            num=array.size,
            sum=float(array.sum()),
            sum_squares=float(array @ array),
            bucket_limit=limits[first : last + 1].tolist(),
            bucket=shown,
        )
        self._add(make.Summary.Value(tag=tag, histo=histogram), global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """A picture: values in [0, 1], or bytes; `dataformats` names its dims (C, H, W). Needs Pillow."""
        from PIL import Image

        array = _array(img_tensor)
        if sorted(dataformats) not in (sorted("CHW"), sorted("HW")) or array.ndim != len(dataformats):
            raise AssertionError(
                f"add_image: dataformats must name each of img_tensor's {array.ndim} dims, got {dataformats!r}"
            )
        array = np.transpose(array, [dataformats.index(c) for c in "HWC" if c in dataformats])
        array = array[..., None] if array.ndim == 2 else array
        if array.dtype != np.uint8:
            array = (array.astype(np.float32) * 255).clip(0, 255).astype(np.uint8)
        height, width, channels = array.shape
        file = io.BytesIO()
        Image.fromarray(array[..., 0] if channels == 1 else array).save(file, format="PNG")
        make = self._parts.summary
        image = make.Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue()
        )
        self._add(make.Summary.Value(tag=tag, image=image), global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """A batch of pictures as one, in a grid that is about square."""
        array = _array(img_tensor)
        if sorted(dataformats) != sorted("NCHW") or array.ndim != 4:
            raise AssertionError(f"add_images: dataformats must be some order of NCHW, got {dataformats!r}")
        array = np.transpose(array, [dataformats.index(c) for c in "NCHW"])
        n, c, h, w = array.shape
        columns = int(np.ceil(np.sqrt(n)))
        rows = -(-n // columns)
        grid = np.zeros((c, rows * h, columns * w), array.dtype)
        for i in range(n):
            y, x = i // columns * h, i % columns * w
            grid[:, y : y + h, x : x + w] = array[i]
        self.add_image(tag, grid, global_step, walltime)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: Any = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """A figure of matplotlib (or a list of them) as a picture; `close` it afterwards."""
        figures = figure if isinstance(figure, list) else [figure]
        pictures = []
        for f in figures:
            f.canvas.draw()
            pictures.append(np.asarray(f.canvas.buffer_rgba())[..., :3])
            if close:
                import matplotlib.pyplot as plt

                plt.close(f)
        if isinstance(figure, list):
            self.add_images(tag, np.stack(pictures), global_step, walltime, "NHWC")
        else:
            self.add_image(tag, pictures[0], global_step, walltime, "HWC")

    def add_text(
        self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """A text in Markdown."""
        make = self._parts.summary
        metadata = make.SummaryMetadata(plugin_data=make.SummaryMetadata.PluginData(plugin_name="text"))
        tensor = self._parts.tensor.TensorProto(
            dtype="DT_STRING",
            string_val=[text_string.encode()],
            tensor_shape=self._parts.shape.TensorShapeProto(
                dim=[self._parts.shape.TensorShapeProto.Dim(size=1)]
            ),
        )
        value = make.Summary.Value(tag=f"{tag}/text_summary", tensor=tensor, metadata=metadata)
        self._add(value, global_step, walltime)

    def _refuse(self, name: str, instead: str) -> None:
        raise NotImplementedError(f"SummaryWriter: {name} is not there; {instead}")

    def add_graph(
        self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True
    ) -> None:
        """An error: there are no graphs of programs to show."""
        self._refuse("add_graph", "write str(model) with add_text")

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list] | None = None,
        run_name: str | None = None,
        global_step: Any = None,
    ) -> None:
        """A run's settings beside what came out of it, for TensorBoard's page of hyperparameters.

        Args:
            hparam_dict: Settings: numbers, strings, bools.
            metric_dict: Results: numbers, also written as scalars.
            hparam_domain_discrete: The values that a setting can have.
            run_name: The folder for them, in this writer's; default: the time.
            global_step: The step of the results.
        Raises:
            TypeError: the dicts are none.
            ValueError: a setting is of another type.
        """
        if not isinstance(hparam_dict, dict) or not isinstance(metric_dict, dict):
            raise TypeError(
                "add_hparams: hparam_dict and metric_dict must be dicts (should be dictionary), got "
                f"{type(hparam_dict).__name__} and {type(metric_dict).__name__}"
            )
        folder = os.path.join(self.log_dir, str(time.time()) if run_name is None else run_name)
        api = importlib.import_module("tensorboard.plugins.hparams.api_pb2")
        data = importlib.import_module("tensorboard.plugins.hparams.plugin_data_pb2")
        settings = {name: _setting(name, value) for name, value in hparam_dict.items() if value is not None}
        start = data.SessionStartInfo()
        infos = []
        for name, value in settings.items():
            kind = f"{'bool' if isinstance(value, bool) else 'string' if isinstance(value, str) else 'number'}_value"
            setattr(start.hparams[name], kind, value)
            values = None
            if hparam_domain_discrete and name in hparam_domain_discrete:
                values = importlib.import_module("google.protobuf.struct_pb2").ListValue()
                values.extend(hparam_domain_discrete[name])
            type_name = {"bool_value": "DATA_TYPE_BOOL", "string_value": "DATA_TYPE_STRING"}.get(
                kind, "DATA_TYPE_FLOAT64"
            )
            infos.append(
                api.HParamInfo(name=name, type=api.DataType.Value(type_name), domain_discrete=values)
            )
        metrics = [api.MetricInfo(name=api.MetricName(tag=name)) for name in metric_dict]
        parts = {
            "experiment": data.HParamsPluginData(
                experiment=api.Experiment(hparam_infos=infos, metric_infos=metrics), version=0
            ),
            "session_start_info": data.HParamsPluginData(session_start_info=start, version=0),
            "session_end_info": data.HParamsPluginData(
                session_end_info=data.SessionEndInfo(status=api.Status.Value("STATUS_SUCCESS")), version=0
            ),
        }
        make = self._parts.summary
        for name, part in parts.items():
            plugin = make.SummaryMetadata.PluginData(plugin_name="hparams", content=part.SerializeToString())
            metadata = make.SummaryMetadata(plugin_data=plugin)
            self._add(make.Summary.Value(tag=f"_hparams_/{name}", metadata=metadata), None, None, folder)
        for name, value in metric_dict.items():
            self._scalar(name, float(_array(value).reshape(-1)[0]), global_step, None, folder=folder)

    def add_embedding(self, mat: Any, *args: Any, **options: Any) -> None:
        """An error: TensorBoard's projector is not served."""
        self._refuse("add_embedding", "save the matrix with numpy.savetxt and load it in the projector")

    def add_video(self, tag: str, vid_tensor: Any, *args: Any, **options: Any) -> None:
        """An error: videos are not encoded."""
        self._refuse("add_video", "write frames with add_images")

    def add_audio(self, tag: str, snd_tensor: Any, *args: Any, **options: Any) -> None:
        """An error: sounds are not encoded."""
        self._refuse("add_audio", "save the sound with Python's module wave")

    def add_pr_curve(self, tag: str, labels: Any, predictions: Any, *args: Any, **options: Any) -> None:
        """An error: draw it with matplotlib."""
        self._refuse("add_pr_curve", "draw it with matplotlib and write it with add_figure")

    def flush(self) -> None:
        """Write what is waiting."""
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Write what is waiting and close the files."""
        for writer in self._writers.values():
            writer.flush()
            writer.close()
        self._writers.clear()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
