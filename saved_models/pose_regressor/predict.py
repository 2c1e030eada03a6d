#!/usr/bin/env python3
"""Load an exported model (a bundle) and predict with numpy, Pillow and LiteRT, without TensorFlow.

This file is also the `predict.py` of every bundle: it imports nothing else of its package and runs
on Python 3.8.

    python3 predict.py cat.jpg
    python3 predict.py 0 1
    python3 predict.py age=31 income=2.5
    python3 predict.py --csv people.csv

From a program:

    import predict                     # or: from zoo import edge
    model = predict.load("linear_cat_dog")
    label, score = model.predict("cat.jpg")
"""

import argparse
import contextlib
import csv
import difflib
import hashlib
import importlib
import importlib.util
import io
import itertools
import json
import math
import os
import stat
import sys
import tempfile
import threading
import time
import traceback
import unicodedata
import warnings
from pathlib import Path

try:
    import numpy as np
except ImportError:
    if __name__ != "__main__":
        raise
    sys.stderr.write("error: numpy is not installed; run: pip install numpy\n")
    sys.exit(2)

FORMAT = 3
# Manifest formats that can be read; a manifest in format 2 is converted to format 3.
_FORMATS = (2, FORMAT)
MAX_MANIFEST_BYTES = 4 * 2**20
MAX_ARTIFACT_BYTES = 2 * 2**30
MAX_PHOTO_BYTES = 64 * 2**20
MAX_PHOTO_PIXELS = 50 * 10**6
# Pillow allocates a pointer per row, and decoders buffer a few rows.
MAX_PHOTO_SIDE = 4 * 10**6
MAX_THREADS = 256
# Larger photos are scaled down to this before inference: the interpreter needs 35 bytes per pixel,
# and its resize operation a matrix as long as each side.
PREDICTED_PIXELS = 2**20
PREDICTED_SIDE = 4096
# Photos are converted in bands of this many pixels.
_BAND_PIXELS = 2**20
# Photo formats, the most frequent first, and the modules that read them. Pillow recognises each by
# its first bytes and decodes it without starting another program. The JPEG module also reads MPO.
PHOTO_FORMATS = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "PPM": "PIL.PpmImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
}
# HEIC, as iPhones take photos, is read by a package of its own.
_HEIF_READER = "pillow_heif"
if importlib.util.find_spec(_HEIF_READER) is not None:
    PHOTO_FORMATS["HEIF"] = _HEIF_READER
_FORMAT_NAMES = "{} or {}".format(", ".join(list(PHOTO_FORMATS)[:-1]), list(PHOTO_FORMATS)[-1])
# Exit codes: EX_SOFTWARE and EX_IOERR of sysexits.h, and 128 + SIGPIPE.
_UNEXPECTED, _NOT_WRITTEN, _PIPE_CLOSED = 70, 74, 141


class BundleError(ValueError):
    """A bundle that is incomplete, of an unknown format, or does not match its manifest."""


class InputError(ValueError):
    """An input that cannot be read or that the model does not accept."""


class Prediction:
    """A model's prediction for one input: a label, or values.

    `label, score = prediction` unpacks a prediction of a label; a prediction of values unpacks to
    its numbers, in order.

    Args:
        label: one of the model's labels; None for a model that predicts values.
        score: the output that the label is based on: the model's only output (W x + b with its
            sign), or the largest of several; None for values.
        scores: all outputs, float32 (outputs,).
        latency: seconds of inference, without decoding.
        values: numbers by name, a dict; None for a model that predicts labels.
    """

    __slots__ = ("label", "latency", "score", "scores", "values")

    def __init__(self, label, score, scores, latency, values=None):
        self.label = label
        self.score = score
        self.scores = scores
        self.latency = latency
        self.values = values

    @property
    def value(self):
        """The predicted number of a model with a single value.

        Raises:
            AttributeError: if the prediction is a label or several values.
        """
        if self.values is None or len(self.values) != 1:
            raise AttributeError(
                "This prediction has no single value; see its {}.".format(
                    "label" if self.values is None else "values"
                )
            )
        (number,) = self.values.values()
        return number

    def __iter__(self):
        return iter((self.label, self.score) if self.values is None else self.values.values())

    def __repr__(self):
        if self.values is None:
            return "Prediction(label={!r}, score={:.6g})".format(self.label, self.score)
        return "Prediction(values={!r})".format(self.values)


class Model:
    """A loaded artifact of a bundle; `load` creates it.

    Calls from several threads are safe; a lock runs one inference at a time. To run inferences in
    parallel, load one model per thread.

    Attributes:
        name: the model's name.
        labels: tuple of str, empty for a model that predicts values.
        names: of the outputs, tuple of str: the labels, the values, or "output".
        units: of the outputs, tuple of str, "" for an output without a unit.
        inputs: names of the numbers that it takes, tuple of str; () if they have none.
        manifest: what `read_manifest` returns.
        artifact: the name of the bundle's artifact.
        frame: (height, width) if the model takes photos of this size only, else None.
    """

    def __init__(self, manifest, artifact, interpreter):
        self.name = manifest["name"]
        self.labels = tuple(manifest.get("labels", ()))
        self.names = tuple(manifest["output"]["names"])
        self.units = tuple(manifest["output"].get("units", ("",) * len(self.names)))
        self.inputs = tuple(manifest["input"].get("names", ()))
        self.manifest = manifest
        self.artifact = artifact
        self._is_image = manifest["input"]["kind"] == "image"
        self._interpreter = interpreter
        self._lock = threading.Lock()
        given = interpreter.get_input_details()[0]
        answer = interpreter.get_output_details()[0]
        self._input = given["index"]
        self._output = answer["index"]
        self._dtype = np.dtype(given["dtype"])
        # None while the tensors are not allocated.
        self._shape = tuple(int(size) for size in given["shape"])  # type: tuple | None
        self._fixed = tuple(manifest["input"]["shape"])
        self.frame = frame_of(manifest)
        self._input_scale, self._input_zero = given["quantization"]
        self._output_scale, self._output_zero = answer["quantization"]

    def __repr__(self):
        return "Model({!r}, artifact={!r})".format(self.name, self.artifact)

    def predict(self, x):
        """Return the prediction for one input.

        Args:
            x: for an image model a path, the bytes of an encoded photo, a PIL image, or uint8
                0…255 of shape (h, w, 3) or (h, w); for a model of numbers an array (inputs,), or a
                dict of numbers by name if its inputs have names.
                Photos of more than `PREDICTED_PIXELS` are scaled down, see `read_photo`.

        Raises:
            InputError: if it cannot be read or has the wrong shape or type.
        """
        batch = self._as_example(x)[None]
        started = time.perf_counter()
        scores = self._invoke(batch)[0]
        return self._decide(scores, time.perf_counter() - started)

    def predict_batch(self, inputs):
        """Return a list of predictions, one per input; inputs of equal size share a batch.

        Args:
            inputs: a sequence of what `predict` takes.

        Raises:
            InputError: as `predict`.
        """
        examples = [self._as_example(x) for x in inputs]
        together = self._fixed[0] is None
        groups = {}  # type: dict
        for position, example in enumerate(examples):
            groups.setdefault(example.shape if together else position, []).append(position)
        predictions = [None] * len(examples)
        for positions in groups.values():
            # A batch uses no more memory than one photo of PREDICTED_PIXELS.
            most = max(1, PREDICTED_PIXELS // examples[positions[0]].size)
            for at in range(0, len(positions), most):
                part = positions[at : at + most]
                batch = np.stack([examples[position] for position in part])
                started = time.perf_counter()
                rows = self._invoke(batch)
                seconds = (time.perf_counter() - started) / len(part)
                for position, scores in zip(part, rows):
                    predictions[position] = self._decide(scores, seconds)
        return predictions

    def stream(self, frames):
        """Yield the prediction for each frame of an iterable, one at a time."""
        for frame in frames:
            yield self.predict(frame)

    def raw(self, batch):
        """Return the outputs for a batch, float32 (batch, outputs).

        Args:
            batch: uint8 (batch, h, w, 3), or float32 (batch, inputs).

        Raises:
            InputError: for the wrong type or rank.
        """
        batch = np.ascontiguousarray(batch)
        wanted = np.dtype(np.uint8 if self._is_image else np.float32)
        if batch.dtype != wanted or batch.ndim != len(self._fixed) or 0 in batch.shape:
            raise InputError(
                "A batch of {} {} was given; {} takes {} {}.".format(
                    batch.dtype, batch.shape, self.name, wanted, _shape_text(self._fixed)
                )
            )
        return self._invoke(batch)

    def _invoke(self, batch):
        if not self._is_image and self._input_scale:
            info = np.iinfo(self._dtype)
            steps = np.round(batch / self._input_scale) + self._input_zero
            batch = np.clip(steps, info.min, info.max).astype(self._dtype)
        with self._lock:
            interpreter = self._interpreter
            if batch.shape != self._shape:
                self._resize(batch.shape)
            try:
                interpreter.set_tensor(self._input, batch)
                interpreter.invoke()
                outputs = interpreter.get_tensor(self._output)
            except (RuntimeError, ValueError, MemoryError) as error:
                # After a failure the state of the allocated tensors is unknown.
                self._shape = None
                raise self._cannot_run(batch.shape, error) from error
        if self._output_scale:
            outputs = (outputs.astype(np.float32) - self._output_zero) * np.float32(
                self._output_scale
            )
        return outputs

    def _resize(self, shape):
        if any(wanted not in (None, size) for wanted, size in zip(self._fixed, shape)):
            raise InputError(
                "An input of shape {} was given; this bundle of {} takes {}.".format(
                    shape, self.name, _shape_text(self._fixed)
                )
            )
        self._shape = None
        try:
            self._interpreter.resize_tensor_input(self._input, shape)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError, MemoryError) as error:
            raise self._cannot_run(shape, error) from error
        self._shape = shape

    def _cannot_run(self, shape, error):
        return InputError(
            "{} cannot be run on an input of shape {} ({}); give a smaller one.".format(
                self.name, shape, _first_line(error)
            )
        )

    def _decide(self, scores, seconds):
        if np.isnan(scores).any():
            raise InputError(
                "{} returned NaN for this input; there is no prediction.".format(self.name)
            )
        answer = decide(self.manifest["output"], scores[None])[0]
        if not self.labels:
            values = dict(zip(self.names, (float(number) for number in answer)))
            return Prediction(None, None, scores, seconds, values)
        score = scores[0] if len(scores) == 1 else scores[answer]
        return Prediction(self.labels[answer], float(score), scores, seconds)

    def _as_example(self, x):
        if self._is_image:
            pixels, _ = read_photo(x, self.frame)
            return pixels if self.frame is None else fit_frame(pixels, *self.frame)
        return self._as_numbers(x)

    def _as_numbers(self, x):
        if isinstance(x, dict):
            x = in_order(x, self.inputs, self.name)
        try:
            # Numbers beyond the range of float32 become infinite, which is an error below.
            with np.errstate(over="ignore"):
                numbers = np.asarray(x, dtype=np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(
                "{} is not a list of numbers in the range of float32.".format(_shortened(x))
            ) from error
        if numbers.shape != (self._fixed[1],):
            raise InputError(
                "An input of shape {} was given; {} takes {}.".format(
                    numbers.shape, self.name, _counted(self._fixed[1])
                )
            )
        if np.isfinite(numbers).all():
            return numbers
        given = np.asarray(x, dtype=np.float64)
        if np.isfinite(given).all():
            largest = given[np.argmax(np.abs(given))]
            raise InputError(
                "The input {} is too large for float32; give numbers up to 3.4e38.".format(largest)
            )
        raise InputError("The input {} is not finite; give finite numbers.".format(numbers))


def decide(output, scores):
    """Return the predictions for rows of outputs, by the decision rule of a manifest.

    With a threshold, an output below it means the first label, else the second. With argmax, the
    largest of several outputs wins; of equal ones, the first. Values are returned unchanged.

    Args:
        output: a manifest's "output", with "decision", one of "threshold", "argmax" and "values",
            and for the first a "threshold".
        scores: a model's outputs, (examples, outputs).

    Returns:
        The index of a label for each example, int64 (examples,); for "values" the scores.
    """
    if output["decision"] == "threshold":
        return (scores[:, 0] >= output["threshold"]).astype(np.int64)
    return scores.argmax(axis=1) if output["decision"] == "argmax" else scores


def load(bundle, artifact=None, threads=1):
    """Load one artifact of a bundle and check that it is the file that was exported.

    Args:
        bundle: the bundle's folder; or "hf://USER/REPO" or "hf://USER/REPO@REVISION", a bundle
            on the Hugging Face hub, whose manifest, labels and artifact are downloaded into the
            hub's cache. That needs the package huggingface_hub.
        artifact: the name of a `.tflite` file in the manifest; by default "float32", or the first
            if there is no "float32", of those whose file is in the folder.
        threads: number of threads of the interpreter, 1 to 256.

    Raises:
        BundleError: if the manifest, the labels or the artifact is missing or damaged, the
            artifact does not match the manifest, or the hub does not give them.
    """
    if not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise BundleError(
            "threads is {!r}; give a whole number from 1 to {}.".format(threads, MAX_THREADS)
        )
    if on_hub(bundle):
        manifest, artifact, content = _from_hub(bundle, artifact)
    else:
        bundle = Path(bundle)
        manifest = read_manifest(bundle)
        if artifact is None:
            artifact = default_artifact(of_present_files(bundle, manifest))
        content = artifact_bytes(bundle, manifest, artifact)
    interpreter_class = _interpreter_class()
    try:
        interpreter = interpreter_class(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise BundleError(
            "{} {} cannot be loaded by the interpreter ({}).".format(
                bundle, artifact, _first_line(error)
            )
        ) from error
    _check_tensors(bundle, manifest, interpreter)
    return Model(manifest, artifact, interpreter)


def default_artifact(manifest):
    """Return the artifact that is loaded by default: "float32", else the first."""
    loadable = _loadable(manifest)
    return "float32" if "float32" in loadable or not loadable else loadable[0]


def of_present_files(bundle, manifest):
    """Return a manifest without the `.tflite` artifacts whose file is not in the bundle's folder.

    A bundle may be copied to a board without its large files. A manifest of which no file is there
    is returned as it is.
    """
    loadable = _loadable(manifest)
    absent = [name for name in loadable if _is_absent(bundle, manifest["artifacts"][name]["file"])]
    if not absent or absent == loadable:
        return manifest
    artifacts = manifest["artifacts"].items()
    present = {name: entry for name, entry in artifacts if name not in absent}
    return dict(manifest, artifacts=present)


def _is_absent(bundle, file):
    # A path out of the bundle, a pipe and a folder count as there: loading refuses them.
    return Path(file).name == file and not os.path.lexists(str(Path(bundle) / file))


@contextlib.contextmanager
def quiet_stderr():
    """Buffer what is written to standard error; print it only if the block raises.

    Meant for command lines, around libraries whose C++ code prints messages that no logger
    controls. It captures file descriptor 2 and does nothing if there is none.
    """
    try:
        saved = os.dup(2)
    except OSError:
        yield
        return
    with contextlib.ExitStack() as closing:
        held = _memory_file()
        if held is None:
            os.close(saved)
            yield
            return
        closing.enter_context(held)
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException as error:
            os.dup2(saved, 2)
            if not isinstance(error, BundleError):
                held.seek(0)
                os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _memory_file():
    """Return an open temporary file, deleted on close; None if none can be created."""
    try:
        # Needs no writable folder: a container may have none.
        return open(os.memfd_create("held"), "w+b")
    except (AttributeError, OSError):
        pass
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None


def read_manifest(bundle):
    """Return a bundle's validated manifest, converted to the newest format.

    Raises:
        BundleError: if it is missing, unreadable or invalid.
    """
    bundle = Path(bundle)
    path = bundle / "manifest.json"
    if not path.is_file():
        raise BundleError("{} is not a bundle: it has no manifest.json.".format(bundle))
    try:
        manifest = json.loads(_text(path))
        listed = _text(bundle / "labels.txt").splitlines()
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            "{} is damaged: its manifest or labels cannot be read ({}).".format(
                bundle, _first_line(error)
            )
        ) from error
    problem = _frame_problem(manifest)
    if problem is None:
        manifest = _upgraded(manifest)
        problem = _contract_problem(manifest)
    if problem is None and listed != names_of(manifest):
        problem = "labels.txt and the manifest differ"
    if problem:
        raise BundleError("{} is damaged: {}.".format(bundle, problem))
    return manifest


def names_of(manifest):
    """Return the lines of labels.txt: the labels, or the names of the values."""
    return manifest["labels"] if "labels" in manifest else manifest["output"]["names"]


def frame_of(manifest):
    """Return the (height, width) that a bundle's photos must have, or None for any size."""
    shape = manifest["input"]["shape"]
    return tuple(shape[1:3]) if len(shape) == 4 and shape[1] is not None else None


def manifest_digest(manifest):
    """Return the sha256 of a manifest without its own "sha256".

    It detects accidental damage, such as a changed digit of the threshold, not deliberate edits.
    """
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def decode(source):
    """Return a photo at its full size as uint8 0…255 of shape (h, w, 3).

    EXIF orientation is applied; gray, palette, CMYK and 16-bit photos become 8-bit RGB;
    transparent parts are blended with white; an animation's first frame is used. Data sets are
    read with this function; predictions use `read_photo`, which returns the same pixels for photos
    of up to `PREDICTED_PIXELS`.

    Args:
        source: a path, the bytes of a file, a binary file object, or a PIL image.

    Raises:
        InputError: if it is not a photo in one of the `PHOTO_FORMATS`, is damaged, has values
            outside of 0…255, or is larger than 64 MiB, 50 million pixels or 4 million per side.
        BundleError: if Pillow is not installed.
    """
    with _open_image(source) as (image, name):
        image.load()
        return _oriented(_rgb_pixels(image, name), _orientation(image))


def read_photo(source, frame=None):
    """Return a photo's pixels for inference, and the photo's full size.

    For photos of up to `PREDICTED_PIXELS` and `PREDICTED_SIDE` these are the pixels of `decode`.
    A larger photo is scaled down with a triangle filter, band by band, to limit memory; JPEG files
    are decoded at a lower resolution. Models resize photos to much less with the same filter, so
    scaling down changes their outputs by only about 1e-4.

    Args:
        source: what `decode` takes, or uint8 0…255 of shape (h, w, 3) or (h, w).
        frame: (height, width) of a model that takes one size only; the result is at least twice
            as large, unless the photo is smaller.

    Returns:
        uint8 0…255 of shape (h, w, 3), and the (height, width) of the photo itself.

    Raises:
        InputError: as `decode`, or for another array.
        BundleError: if Pillow is not installed.
    """
    if isinstance(source, np.ndarray):
        pixels = _as_pixels(source)
        height, width = pixels.shape[:2]
        size = _predicted_size(width, height, frame)
        if size != (width, height):
            pixels = _scaled_down_array(pixels, size)
        return pixels, (height, width)
    with _open_image(source) as (image, name):
        width, height = image.size
        box = (0, 0, width, height)
        if not isinstance(source, _pillow().Image):
            box = _decode_fewer(image, frame)
        image.load()
        orientation = _orientation(image)
        swapped = orientation in _SWAPPING
        if box == (0, 0, width, height):
            # Pillow may apply the orientation of a TIFF itself.
            width, height = image.size
            box = (0, 0, width, height)
        size = _predicted_size(width, height, frame[::-1] if frame and swapped else frame)
        if size == image.size:
            pixels = _rgb_pixels(image, name)
        else:
            pixels = _scaled_down_pixels(image, name, size, box)
        return _oriented(pixels, orientation), (width, height) if swapped else (height, width)


def photo_size(source):
    """Return the (height, width) of a photo as stored, without decoding it.

    Raises:
        InputError, BundleError: as `decode`.
    """
    with _open_image(source) as (image, _):
        return image.size[::-1]


def fit_frame(photo, height, width):
    """Return a photo, uint8 (h, w, 3), resized to a bundle's fixed input size.

    Only for bundles exported for one size; the others resize photos within the model.
    """
    if photo.shape[:2] == (height, width):
        return photo
    image = _pillow().fromarray(photo)
    return np.array(image.resize((width, height), _pillow().Resampling.BILINEAR))


@contextlib.contextmanager
def _open_image(source):
    """Yield a PIL image of an allowed size, not decoded yet, and its name for error messages.

    Exceptions that Pillow raises inside the block become an `InputError`.
    """
    image_module = _pillow()
    with contextlib.ExitStack() as closing:
        if isinstance(source, image_module.Image):
            name, opening = "The image", _given_image
        else:
            name, source = _photo_stream(source)
            closing.enter_context(contextlib.closing(source))
            opening = _recognised
        try:
            image = opening(source, name)
            if image is not source:
                closing.enter_context(image)
            _check_size(image, name)
            yield image, name
        except (InputError, BundleError):
            raise
        except MemoryError as error:
            raise InputError("{} does not fit in memory.".format(name)) from error
        except Exception as error:
            # For damaged files, Pillow's readers raise almost any exception.
            raise InputError(
                "{} cannot be read as a photo ({}); is it damaged?".format(name, _first_line(error))
            ) from error


def _given_image(image, name):
    # Loading an image that the caller opened may start another program in some formats.
    if getattr(image, "tile", None) and image.format not in (None, "MPO", *PHOTO_FORMATS):
        raise InputError(
            "{} is a {} file that is not decoded yet; give {}.".format(
                name, printable(image.format), _FORMAT_NAMES
            )
        )
    return image


def _recognised(stream, name):
    """Return the PIL image of a file in one of the `PHOTO_FORMATS`."""
    from PIL import Image, UnidentifiedImageError

    for kind, plugin in PHOTO_FORMATS.items():
        try:
            module = importlib.import_module(plugin)
        except ImportError:
            # Older versions of Pillow do not have all of them.
            continue
        if plugin == _HEIF_READER and kind not in Image.OPEN:
            module.register_heif_opener()
        if kind in Image.OPEN:
            try:
                image = Image.open(stream, formats=[kind])
            except UnidentifiedImageError:
                continue
            _scale_transparency(image)
            return image
    raise InputError(
        "{} is not a photo, or its first bytes are damaged; give {}.".format(name, _FORMAT_NAMES)
    )


def _scale_transparency(image):
    """Scale a PNG's transparent colour to 8 bits, as the pixels that it is compared with."""
    colour = image.info.get("transparency")
    bits = image.tile[0][3] if image.format == "PNG" and image.tile else None
    if bits == "L;2" and colour in range(4):
        image.info["transparency"] = colour * 85
    elif bits == "L;4" and colour in range(16):
        image.info["transparency"] = colour * 17
    elif bits == "RGB;16B" and isinstance(colour, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in colour)


def _check_size(image, name):
    width, height = image.size
    if not width or not height:
        raise InputError("{} has no pixels.".format(name))
    if width * height > MAX_PHOTO_PIXELS or max(width, height) > MAX_PHOTO_SIDE:
        raise InputError(
            "{} has {} × {} pixels, more than {:,} or {:,} per side; make it smaller.".format(
                name, width, height, MAX_PHOTO_PIXELS, MAX_PHOTO_SIDE
            )
        )


def _photo_stream(source):
    """Return a photo's name for error messages, and a stream of its bytes."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, stream = "The encoded photo", io.BytesIO(source)
        size = len(stream.getbuffer())
    elif isinstance(source, (str, os.PathLike)):
        name = printable(os.fspath(source))
        try:
            stream = _open_file(source)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or _first_line(error)
            raise InputError("{} cannot be opened ({}).".format(name, reason)) from error
        size = os.fstat(stream.fileno()).st_size
    elif hasattr(source, "read"):
        name = "The photo"
        try:
            content = source.read(MAX_PHOTO_BYTES + 1)
            size, stream = len(content), io.BytesIO(content)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                "The photo cannot be read ({}); give a file opened as 'rb'.".format(
                    _first_line(error)
                )
            ) from error
    else:
        raise InputError(
            "A {} was given; a photo is a path, bytes, a PIL image or an array.".format(
                type(source).__name__
            )
        )
    if size > MAX_PHOTO_BYTES:
        stream.close()
        raise InputError("{} is larger than {:,} bytes.".format(name, MAX_PHOTO_BYTES))
    return name, stream


def _open_file(path):
    """Open a regular file for reading; a pipe could block, a device be endless.

    Raises:
        OSError: if it is missing, not a regular file, or not readable.
    """
    flags = os.O_RDONLY
    for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOCTTY"):
        flags |= getattr(os, flag, 0)
    descriptor = os.open(os.fspath(path), flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a regular file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _text(path):
    """Return the content of a small UTF-8 file."""
    with _open_file(path) as stream:
        content = stream.read(MAX_MANIFEST_BYTES + 1)
    if len(content) > MAX_MANIFEST_BYTES:
        raise ValueError("{} is larger than {:,} bytes".format(path.name, MAX_MANIFEST_BYTES))
    return content.decode("utf-8")


_ORIENTATION = 0x0112
# EXIF orientations that swap rows and columns.
_SWAPPING = (5, 6, 7, 8)


def _orientation(image):
    return image.getexif().get(_ORIENTATION, 1)


def _oriented(pixels, orientation):
    """Return pixels, (h, w, 3), rotated and mirrored by an EXIF orientation, 1…8."""
    if orientation in _SWAPPING:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _as_pixels(array):
    if array.dtype != np.uint8 or array.shape[2:] not in ((), (3,)) or array.ndim < 2:
        raise InputError(
            "An array of {} {} was given; a photo is uint8 (h, w, 3) or (h, w).".format(
                array.dtype, array.shape
            )
        )
    if 0 in array.shape:
        raise InputError(
            "The array of shape {} has no pixels; a photo is uint8 (h, w, 3) or (h, w).".format(
                array.shape
            )
        )
    return array if array.ndim == 3 else np.repeat(array[:, :, None], 3, axis=2)


def _predicted_size(width, height, frame):
    """Return the (width, height) at which a photo is passed to a model."""
    across, down = min(width, PREDICTED_SIDE), min(height, PREDICTED_SIDE)
    if across * down > PREDICTED_PIXELS:
        ratio = math.sqrt(PREDICTED_PIXELS / (across * down))
        # A very narrow photo keeps at least one pixel.
        across, down = max(1, int(across * ratio)), max(1, int(down * ratio))
    if frame:
        across = max(across, min(width, 2 * frame[1]))
        down = max(down, min(height, 2 * frame[0]))
    return across, down


def _decode_fewer(image, frame):
    """Let Pillow decode a JPEG file at 1/2, 1/4 or 1/8 size if the result is still large enough.

    Returns:
        The photo's (left, upper, right, lower) in the pixels that will be decoded, which may be
        fractions.
    """
    width, height = image.size
    across, down = _predicted_size(width, height, (max(frame),) * 2 if frame else None)
    box = (0, 0, width, height)
    if image.format in ("JPEG", "MPO") and (across, down) != image.size:
        for scale in (8, 4, 2):
            if width // scale >= 1.4 * across and height // scale >= 1.4 * down:
                drafted = image.draft(None, (width // scale, height // scale))
                return drafted[1] if drafted else box
    return box


def _rgb_pixels(image, name):
    """Return all pixels of a decoded image, uint8 (h, w, 3)."""
    white = _white_level(image)
    _check_values(image, name, white)
    width, height = image.size
    if width * height <= _BAND_PIXELS:
        return np.array(_as_rgb(image, white))
    pixels = np.empty((height, width, 3), np.uint8)
    for left, upper, right, lower in _tiles(width, height):
        tile = image.crop((left, upper, right, lower))
        pixels[upper:lower, left:right] = np.asarray(_as_rgb(tile, white))
    return pixels


def _tiles(width, height):
    across = min(width, _BAND_PIXELS)
    down = max(1, _BAND_PIXELS // across)
    for upper in range(0, height, down):
        for left in range(0, width, across):
            yield left, upper, min(width, left + across), min(height, upper + down)


def _scaled_down_pixels(image, name, size, box):
    """Return the pixels of a decoded image scaled down to a (width, height), uint8 (h, w, 3).

    Args:
        image: PIL image.
        name: of the image, for error messages.
        size: (width, height) of the result.
        box: (0, 0, right, lower) of the photo in the image.
    """
    white = _white_level(image)
    _check_values(image, name, white)

    def cut(corners):
        return _as_rgb(image.crop(corners), white)

    return _scaled_down(cut, image.size, size, box)


def _scaled_down_array(pixels, size):
    def cut(corners):
        left, upper, right, lower = corners
        return _pillow().fromarray(np.ascontiguousarray(pixels[upper:lower, left:right]))

    height, width = pixels.shape[:2]
    return _scaled_down(cut, (width, height), size, (0, 0, width, height))


def _scaled_down(cut, given, size, box):
    """Scale a photo down tile by tile; each tile is cut with the margin that the filter needs."""
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    # Fewer rows at a time if they are long.
    rows = max(1, _BAND_PIXELS // given[0])
    for begin, end, upper, lower, first, last in _intervals(box[3], given[1], size[1], rows):
        for start, stop, left, right, west, east in _intervals(
            box[2], given[0], size[0], _BAND_PIXELS
        ):
            part = cut((left, upper, right, lower)).resize(
                (stop - start, end - begin),
                _pillow().Resampling.BILINEAR,
                box=(west - left, first - upper, east - left, last - upper),
                # Averages whole pixels down to twice the size first: faster, equal to 1e-4.
                reducing_gap=2.0,
            )
            pixels[begin:end, start:stop] = np.asarray(part)
    return pixels


def _intervals(length, given, wanted, most):
    """Yield the intervals into which an axis is divided.

    Each is (begin, end, low, high, first, last): the target pixels begin…end are computed from the
    image's pixels low…high, and correspond exactly to first…last.

    Args:
        length: of the photo, in pixels of the image.
        given: pixels of the image, at least length.
        wanted: pixels of the result.
        most: approximate number of the image's pixels per interval.
    """
    ratio = length / wanted
    step = max(1, int(most / ratio))
    margin = 2 * math.ceil(ratio) + 1
    for begin in range(0, wanted, step):
        end = min(wanted, begin + step)
        first, last = begin * ratio, min(end * ratio, length)
        low = max(0, math.floor(first) - margin)
        yield begin, end, low, min(given, math.ceil(last) + margin), first, last


def _check_values(image, name, white):
    """Raise an `InputError` if an image of 32-bit numbers has values outside of 0…255."""
    if image.mode not in ("I", "F") or white != 255:
        return
    lowest, highest = math.inf, -math.inf
    for corners in _tiles(*image.size):
        values = np.asarray(image.crop(corners))
        # min and max do not report NaN reliably; any non-finite value is out of range.
        lowest = min(lowest, float(values.min())) if np.isfinite(values).all() else -math.inf
        highest = max(highest, float(values.max()))
    fractions = image.mode == "F" and 0 < highest <= 1
    if lowest < 0 or highest > 255 or fractions:
        raise InputError(
            "{} has 32-bit values that are not levels 0…255; save it with 8 bits per "
            "channel.".format(name)
        )


def _white_level(image):
    # Older versions of Pillow read 16 bits as "I", and all do so for PPM; else "I" has any range.
    deep = ";16" in image.mode or (image.mode == "I" and image.format in ("PNG", "PPM"))
    return 65535 if deep else 255


def _as_rgb(image, white):
    """Return a PIL image in mode RGB, with transparent parts blended with white."""
    pillow = _pillow()
    clear = image.info.get("transparency")
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image)
        levels = np.clip(values.astype(np.float64) * (255.0 / white), 0, 255).round()
        levels = levels.astype(np.uint8)
        if isinstance(clear, int):
            levels[values == clear] = 255
        return pillow.fromarray(levels).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or clear is not None:
        image = image.convert("RGBA")
        image = pillow.alpha_composite(pillow.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _pillow():
    try:
        from PIL import Image
    except ImportError as error:
        raise BundleError(
            "Pillow cannot be imported ({}); run: pip install pillow".format(_first_line(error))
        ) from None
    return Image


# Unicode categories: control and surrogate characters, line and paragraph separators.
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
# Characters that change the direction of the text, or are invisible.
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def printable(text):
    """Return text with every unprintable character replaced by an escape sequence."""
    return "".join(
        character.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(character) in _UNPRINTABLE or character in _DIRECTION
        else character
        for character in (os.fsdecode(text) if isinstance(text, bytes) else str(text))
    )


def _interpreter_class():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:
            from tflite_runtime.interpreter import Interpreter
        except ImportError:
            raise BundleError(
                "No LiteRT interpreter is installed; run: pip install ai-edge-litert"
            ) from None
    return Interpreter


def _loadable(manifest):
    return [
        name
        for name, entry in manifest["artifacts"].items()
        if isinstance(entry.get("file"), str) and entry["file"].endswith(".tflite")
    ]


# What runs the artifacts that this program does not.
_RUNTIMES = {"onnx": "onnxruntime", "keras": "Keras", "saved_model": "TensorFlow"}


def artifact_bytes(bundle, manifest, artifact):
    """Return the content of a bundle's `.tflite` file after checking its size and sha256.

    Args:
        bundle: the bundle's folder.
        manifest: from `read_manifest`.
        artifact: the name of a `.tflite` file in the manifest.

    Raises:
        BundleError: if there is no such file, or it does not match the manifest.
    """
    bundle = Path(bundle)
    entry = _entry(bundle, manifest, artifact)
    path = bundle / entry["file"]
    try:
        leaves = path.resolve().parent != bundle.resolve()
    except OSError as error:
        raise _unreadable(path, error) from error
    if leaves:
        raise BundleError(_LEAVES.format(bundle, entry["file"]))
    return _checked_bytes(path, entry)


_LEAVES = "{}: the artifact path {!r} leaves the bundle."


def _entry(bundle, manifest, artifact):
    """Return the entry of a `.tflite` artifact in a manifest, whose file is a name, not a path."""
    loadable = _loadable(manifest)
    if artifact not in loadable:
        runtime = _RUNTIMES.get(artifact) if artifact in manifest["artifacts"] else None
        raise BundleError(
            "{} has no artifact {!r}{}; it has {}.".format(
                bundle,
                artifact,
                " for this program ({} runs it)".format(runtime) if runtime else "",
                ", ".join(loadable) or "none that this program runs",
            )
        )
    entry = manifest["artifacts"][artifact]
    file = entry["file"]
    if Path(file).name != file or "\\" in file or ":" in file:
        raise BundleError(_LEAVES.format(bundle, file))
    return entry


def _checked_bytes(path, entry):
    """Return the content of a file after checking its size and sha256."""
    try:
        with _open_file(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size != entry.get("bytes") or size > MAX_ARTIFACT_BYTES:
                raise BundleError(
                    "{} is damaged: it has {} bytes, not {} as in the manifest; copy the bundle "
                    "again.".format(path, size, entry.get("bytes"))
                )
            # The same bytes are hashed and loaded, so the file cannot change in between.
            content = stream.read(size)
    except OSError as error:
        raise _unreadable(path, error) from error
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise BundleError(
            "{} is damaged: its sha256 is not the manifest's; copy the bundle again.".format(path)
        )
    return content


def _unreadable(path, error):
    return BundleError("{} cannot be read ({}).".format(path, error.strerror or error))


_HUB = "hf://"


def on_hub(bundle):
    """Return whether a bundle is given by its address on the Hugging Face hub, hf://USER/REPO."""
    return isinstance(bundle, str) and bundle.startswith(_HUB)


def _from_hub(address, artifact):
    """Return the manifest of a bundle on the hub, the artifact's name and its checked content."""
    path = _hub_file(address, "manifest.json")
    # All files are of the commit of the manifest, even if another follows meanwhile.
    pinned = "{}@{}".format(address.partition("@")[0], path.parent.name)
    _hub_file(pinned, "labels.txt")
    manifest = read_manifest(path.parent)
    artifact = default_artifact(manifest) if artifact is None else artifact
    entry = _entry(address, manifest, artifact)
    return manifest, artifact, _checked_bytes(_hub_file(pinned, entry["file"]), entry)


def _hub_file(address, file):
    """Return the path of a file on the hub in the hub's cache, downloaded unless it is there."""
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError as error:
        raise BundleError(
            "{} is read by huggingface_hub, which cannot be imported ({}); run: "
            "pip install huggingface_hub".format(printable(address), _first_line(error))
        ) from error
    repository, _, revision = address[len(_HUB) :].partition("@")
    try:
        return Path(huggingface_hub.hf_hub_download(repository, file, revision=revision or None))
    except errors.GatedRepoError:
        problem = "access to it must be asked for on its page"
    except errors.RepositoryNotFoundError:
        problem = "there is no such repository, or it is private and needs `hf auth login`"
    except errors.RevisionNotFoundError:
        problem = "it has no revision {}".format(printable(revision))
    except errors.LocalEntryNotFoundError:
        problem = "the hub cannot be reached, and {} is not in its cache".format(file)
    except errors.EntryNotFoundError:
        problem = "it has no {}; give a repository that is a bundle".format(file)
    except errors.HFValidationError:
        problem = "write hf://USER/REPO or hf://USER/REPO@REVISION"
    except Exception as error:
        # The hub's client lets exceptions of its own libraries through.
        problem = _first_line(error)
    raise BundleError("{} cannot be loaded from the hub: {}.".format(printable(address), problem))


def _frame_problem(manifest):
    """Return what is wrong with a manifest of any format, or None."""
    if not isinstance(manifest, dict):
        return "the manifest is not a JSON object"
    if type(manifest.get("format")) is not int or manifest["format"] not in _FORMATS:
        return "its format is {!r} and this program reads {}".format(
            manifest.get("format"), " and ".join(map(str, _FORMATS))
        )
    if manifest.get("sha256") != manifest_digest(manifest):
        return "its manifest was changed after the export; copy the bundle again"
    if not isinstance(manifest.get("name"), str) or not manifest["name"]:
        return "it has no name"
    artifacts = manifest.get("artifacts")
    if not isinstance(artifacts, dict) or not all(isinstance(e, dict) for e in artifacts.values()):
        return "it lists no artifacts"
    output = manifest.get("output")
    if not isinstance(output, dict) or output.get("decision") not in _DECISIONS:
        return "its decision is not one of {}".format(", ".join(_DECISIONS))
    return None


_DECISIONS = ("threshold", "argmax", "values")


def _upgraded(manifest):
    """Return a manifest converted to the newest format.

    Format 2 has labels only, other names for two tasks, no names of outputs, and "accuracy" in
    place of "metrics" in each artifact.
    """
    if manifest["format"] == FORMAT:
        return manifest
    output = dict(manifest["output"])
    several = output["decision"] == "argmax"
    output["names"] = manifest.get("labels") if several else ["output"]
    artifacts = {}
    for name, entry in manifest["artifacts"].items():
        entry = dict(entry)
        if "accuracy" in entry:
            entry["metrics"] = {"accuracy": entry.pop("accuracy")}
        artifacts[name] = entry
    former = manifest.get("task")
    task = "classes" if several else "sign" if former == "sign" else "threshold"
    newest = {"format": FORMAT, "task": task, "output": output, "artifacts": artifacts}
    return dict(manifest, **newest)


def _contract_problem(manifest):
    """Return what is wrong with a manifest of the newest format, or None."""
    output = manifest["output"]
    names = output.get("names")
    if not isinstance(names, list) or not names:
        return "its outputs have no names"
    if output["decision"] == "values":
        problem = "it has labels, but predicts values" if "labels" in manifest else None
    else:
        problem = _labels_problem(manifest.get("labels"))
    return (
        problem
        or _names_problem(names, output.get("units"))
        or _input_problem(manifest.get("input"))
        or _output_problem(output, manifest)
    )


def _labels_problem(labels):
    if not isinstance(labels, list) or len(labels) < 2:
        return "it has no labels"
    if not all(isinstance(label, str) and label for label in labels):
        return "a label is not text"
    return None


def _names_problem(names, units):
    if not all(isinstance(name, str) and name for name in names):
        return "the name of an output is not text"
    if len(set(names)) < len(names):
        return "two outputs have the same name"
    if units is None:
        return None
    if not isinstance(units, list) or len(units) != len(names):
        return "it does not have one unit per output"
    if not all(isinstance(unit, str) for unit in units):
        return "a unit is not text"
    return None


def _input_problem(given):
    if not isinstance(given, dict) or given.get("kind") not in ("image", "vector"):
        return "its input is neither image nor vector"
    image = given["kind"] == "image"
    shape = given.get("shape")
    if not isinstance(shape, list) or len(shape) != (4 if image else 2):
        return "its input shape is {!r}".format(shape)
    if not all(size is None or (type(size) is int and 0 < size <= 65536) for size in shape):
        return "its input shape is {!r}".format(shape)
    if (
        shape[-1] is None
        or (image and shape[-1] != 3)
        or (image and (not shape[1]) != (not shape[2]))
    ):
        return "its input shape is {!r}".format(shape)
    if given.get("dtype") != ("uint8" if image else "float32"):
        return "its input type is {!r}".format(given.get("dtype"))
    names = given.get("names")
    if names is None:
        return None
    if image or not isinstance(names, list) or len(names) != shape[1]:
        return "it does not have one name per input"
    if not all(isinstance(name, str) and name for name in names):
        return "the name of an input is not text"
    return "two inputs have the same name" if len(set(names)) < len(names) else None


def _output_problem(output, manifest):
    if output["decision"] == "values":
        return None
    labels = manifest["labels"]
    if output["decision"] == "argmax":
        return None if output["names"] == labels else "its outputs are not its labels"
    threshold = output.get("threshold")
    if type(threshold) not in (int, float) or threshold != threshold:
        return "its threshold is {!r}".format(threshold)
    if len(labels) != 2:
        return "a threshold decides between 2 labels and it has {}".format(len(labels))
    return None if len(output["names"]) == 1 else "a threshold decides by 1 output"


def _check_tensors(bundle, manifest, interpreter):
    given = interpreter.get_input_details()
    answers = interpreter.get_output_details()
    image = manifest["input"]["kind"] == "image"
    outputs = len(manifest["output"]["names"])
    types = (np.uint8,) if image else (np.float32, np.int8, np.uint8)
    fits = (
        len(given) == 1
        and len(answers) == 1
        and given[0]["dtype"] in types
        and len(given[0]["shape"]) == len(manifest["input"]["shape"])
        and given[0]["shape"][-1] == manifest["input"]["shape"][-1]
        and answers[0]["dtype"] in (np.float32, np.int8, np.uint8)
        and answers[0]["shape"][-1] == outputs
    )
    if not fits:
        raise BundleError("{} is damaged: its model does not match its manifest.".format(bundle))


def _first_line(error):
    return printable((str(error).strip().splitlines() or [type(error).__name__])[0][:200])


def _shortened(value):
    try:
        text = repr(value)
    except ValueError:
        # Python refuses to print integers of thousands of digits.
        text = "A {}".format(type(value).__name__)
    return printable(text if len(text) <= 100 else text[:99] + "…")


def _shape_text(shape):
    return "({})".format(", ".join("any" if size is None else str(size) for size in shape))


def parse_rows(words, inputs, names=()):
    """Parse command-line arguments as rows of numbers: `0 1`, or `0,1 1,1` for several rows.

    Args:
        words: list of str; by name, `age=31 income=2.5` in any order, they are a single row.
        inputs: numbers per row.
        names: of the inputs; () if they have none.

    Raises:
        InputError: if an argument is not a number or a row has the wrong length; by name, for a
            name that is unknown, missing or given twice.
    """
    if any("=" in word for word in words):
        return [_parse_named(words, inputs, names)]
    text = _shortened(" ".join(words))
    try:
        rows = [[float(number) for number in word.split(",")] for word in words]
    except ValueError:
        expected = "a number" if inputs == 1 else "a list of {} numbers".format(inputs)
        written = "0.5" if inputs == 1 else "0 1 or 0,1"
        if names:
            written += " or {}=0".format(printable(names[0]))
        raise InputError(
            "{} is not {}; write numbers as {}.".format(text, expected, written)
        ) from None
    one_row = len(words) == inputs
    if one_row and all(len(row) == 1 for row in rows):
        rows = [[row[0] for row in rows]]
    if any(len(row) != inputs for row in rows):
        raise InputError(
            "{} was given; the model takes {}, as in {}{}{}.".format(
                text,
                _counted(inputs),
                " ".join(["0"] * min(inputs, 8)) + " …" * (inputs > 8),
                ": {}".format(_listed(names)) if names else "",
                "; write decimals with a point, as in 0.5" if one_row else "",
            )
        )
    return rows


def _parse_named(words, inputs, names):
    """Return the row of numbers for arguments `name=number`."""
    if not names:
        raise InputError(
            "{} was given, but this model's inputs have no names; give {} by position.".format(
                _shortened(" ".join(words)), _counted(inputs)
            )
        )
    numbers = {}  # type: dict
    for word in words:
        # A number has no "=", but a name may.
        name, equals, text = word.rpartition("=")
        if not equals:
            raise InputError(
                "{} has no name, but other numbers do; write every number as name=number.".format(
                    _shortened(word)
                )
            )
        if name in numbers:
            raise InputError(
                "{} was given twice; the inputs are {}.".format(_shortened(name), _listed(names))
            )
        try:
            numbers[name] = float(text)
        except ValueError:
            with_point = text.replace(",", ".")
            raise InputError(
                "{} for {} is not a number; write {}={}.".format(
                    _shortened(text),
                    _shortened(name),
                    printable(name),
                    "0.5" if _as_number(with_point) is None else with_point.strip(),
                )
            ) from None
    return in_order(numbers, names, "the model")


def in_order(numbers, names, model):
    """Return numbers given by name as a list in the order of a model's inputs.

    Args:
        numbers: dict of numbers by name.
        names: of the inputs; () if they have none.
        model: its name, for error messages.

    Raises:
        InputError: for a name that is unknown or missing.
    """
    if not names:
        raise InputError(
            "Numbers were given by name, but the inputs of {} have no names; give them by "
            "position.".format(model)
        )
    for name in numbers:
        if name not in names:
            raise InputError(
                "There is no input {}{}; the inputs are {}.".format(
                    _shortened(name), _near(str(name), names), _listed(names)
                )
            )
    missing = [name for name in names if name not in numbers]
    if missing:
        raise InputError(
            "{} {} not given; the inputs are {}.".format(
                _listed(missing), "was" if len(missing) == 1 else "were", _listed(names)
            )
        )
    return [numbers[name] for name in names]


def _near(name, names):
    """Return a clause that suggests names similar to one that is unknown, or ""."""
    near = difflib.get_close_matches(name, names, 2, 0.5)
    return " (did you mean {}?)".format(" or ".join(map(printable, near))) if near else ""


def _listed(names):
    """Return names as text, at most 20 of them."""
    shown = ", ".join(printable(name) for name in names[:20])
    return shown if len(names) <= 20 else "{} … ({} in all)".format(shown, len(names))


def _counted(numbers):
    return "1 number" if numbers == 1 else "{} numbers".format(numbers)


# Rows of a CSV file that are predicted together.
_CSV_ROWS = 1024
_DELIMITERS = (",", ";", "\t")


def read_csv(path, inputs, names=()):
    """Return the columns of a CSV file that are ignored, and its rows of finite numbers.

    The first line holds the names of the columns; cells are separated by commas, semicolons or
    tabs, and with the latter two, numbers may have a decimal comma. Empty lines are skipped.

    Args:
        path: of the file, UTF-8.
        inputs: numbers per row.
        names: of the inputs, which are columns in any order, and columns of other names are
            ignored; () to take all columns in their order.

    Returns:
        The names of the columns that are ignored, and an iterator of (line, row).

    Raises:
        InputError: if the file or its header cannot be read; for the first cell that is not a
            finite number in the range of float32, with line and column.
    """
    where = printable(os.fspath(path))
    try:
        with _open_file(path) as stream:
            content = stream.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or _first_line(error)
        raise InputError("{} cannot be opened ({}).".format(where, reason)) from error
    other = other_format(content)
    if other:
        raise InputError("{} is {}.".format(where, other))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("{} is not UTF-8 text; save it as CSV in UTF-8.".format(where)) from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=lambda of: len(next(csv.reader([first], delimiter=of), [])))
    rows = _csv_rows(where, text, delimiter)
    _, header = next(rows, (1, []))
    columns = [name.strip() for name in header]
    places = _csv_places(where, columns, inputs, names)
    ignored = [name for place, name in enumerate(columns) if place not in places]

    def numbers():
        for line, cells in rows:
            if len(cells) != len(columns):
                raise InputError(
                    "{}, line {}: it has {} cells, and the header {}.".format(
                        where, line, len(cells), len(columns)
                    )
                )
            yield (
                line,
                [
                    _csv_number(where, line, columns[place], cells[place], delimiter)
                    for place in places
                ],
            )

    return ignored, numbers()


_OTHER_FORMATS = (
    (b"PK\x03\x04", "a spreadsheet or a zip archive; save the table as CSV in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet in Excel's former format; save it as CSV in UTF-8"),
    (b"PAR1", "a Parquet file; write the table as CSV"),
    (b"\x1f\x8b", "compressed by gzip; give the file that gunzip makes of it"),
    (b"\xfd7zXZ\x00", "compressed by xz; give the file that unxz makes of it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; give the file that unzstd makes of it"),
)


def other_format(content):
    """Return what a file is that was given for CSV, and what to do; "" if it may be CSV.

    Args:
        content: its beginning, bytes.
    """
    return next((what for magic, what in _OTHER_FORMATS if content.startswith(magic)), "")


def _csv_rows(where, text, delimiter):
    """Yield (line, cells) for each line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                "{}, line {}: it is not CSV ({}).".format(
                    where, reader.line_num, _first_line(error)
                )
            ) from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _csv_places(where, columns, inputs, names):
    """Return the index of the column of each input."""
    if not columns:
        raise InputError("{} is empty; give a header and rows.".format(where))
    if all(_as_number(name) is not None for name in columns):
        raise InputError(
            "{} has only numbers in its first line; add a line with the names of the "
            "columns{}.".format(where, ": {}".format(_listed(names)) if names else "")
        )
    if not names:
        if len(columns) != inputs:
            raise InputError(
                "{} has {} columns; the model takes {} by position.".format(
                    where, len(columns), _counted(inputs)
                )
            )
        return list(range(inputs))
    others = [column for column in columns if column not in names]
    for name in names:
        if columns.count(name) != 1:
            raise InputError(
                "{} has {} column {}{}; the inputs are {}.".format(
                    where,
                    "more than one" if name in columns else "no",
                    printable(name),
                    "" if name in columns else _near(name, others),
                    _listed(names),
                )
            )
    return [columns.index(name) for name in names]


def _csv_number(where, line, column, cell, delimiter):
    text = cell.strip()
    number = _as_number(text if delimiter == "," else text.replace(",", "."))
    problem = None
    if not text:
        problem = "the cell is empty"
    elif number is None:
        problem = "{} is not a number".format(_shortened(text))
    elif not abs(number) <= _MAX_FLOAT32:
        digits = any(character.isdigit() for character in text)
        what = "too large for float32 (at most 3.4e38)" if digits else "not finite"
        problem = "{} is {}".format(_shortened(text), what)
    if problem:
        raise InputError(
            "{}, line {}, column {}: {}; give a number.".format(
                where, line, printable(column), problem
            )
        )
    return number


_MAX_FLOAT32 = float(np.finfo(np.float32).max)


def _as_number(text):
    try:
        return float(text)
    except ValueError:
        return None


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, "error: {}; --help shows how.\n".format(printable(message)))


def _whole_number(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError("{!r} is not a whole number".format(text)) from None


def _count(text):
    number = _whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError("{!r} is less than 1".format(text))
    return number


def main(argv=None):
    """Predict from the command line and return the exit code.

    0 for success, 2 for bad input, 70 for an unexpected error, 74 if the output cannot be written,
    130 if interrupted, 141 if the reader of the output closed it.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # Names and labels may have characters that the terminal's encoding lacks.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _predict(words)
    except KeyboardInterrupt:
        return 130
    except _OutputError as error:
        return _output_failed(error)
    except Exception as error:
        if "--debug" in words:
            traceback.print_exc()
        _print_error(
            "unexpected {}: {}; use --debug for the traceback.".format(
                type(error).__name__, _first_line(error)
            )
        )
        return _UNEXPECTED


def _predict(words):
    parser = _Parser(description="Predict with the bundle in this folder.", allow_abbrev=False)
    parser.add_argument(
        "inputs", nargs="*", help="photos, or a model's numbers, as 0 1 or 0,1 or age=31 income=2.5"
    )
    parser.add_argument("--csv", metavar="FILE", help="predict each row, and print CSV")
    parser.add_argument(
        "--bundle",
        default=str(Path(__file__).resolve().parent),
        help="folder of the bundle (by default this one)",
    )
    parser.add_argument("--artifact", help="name of a .tflite file, such as int8")
    parser.add_argument(
        "--threads", type=_whole_number, default=1, help="threads of the interpreter"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--top", type=_count, metavar="K", help="print the K best labels")
    parser.add_argument("--debug", action="store_true", help="print the traceback of an error")
    options = parser.parse_args(
        _inputs_last(words, ("--bundle", "--artifact", "--threads", "--top", "--csv"))
    )
    if bool(options.inputs) == (options.csv is not None):
        parser.error("give either inputs or --csv FILE")
    try:
        with quiet_stderr():
            model = load(options.bundle, options.artifact, options.threads)
        if options.csv is not None:
            code = predict_csv(model, options.csv, options.json, options.top)
        else:
            code = predict_all(model, options.inputs, options.json, options.top)
    except BundleError as error:
        _print_error(error)
        return 2
    _write("")
    return code


def _inputs_last(words, valued):
    """Return command-line arguments with the options first, then -- and the inputs.

    argparse would take -1, -1,2 and -hut.jpg for options; numbers and existing files are inputs.
    """
    options, inputs = [], []
    rest = iter(words)
    for word in rest:
        if word == "--":
            inputs += rest
        elif word in valued:
            options += [word, *list(itertools.islice(rest, 1))]
        elif word in ("-h", "--help") or not word.startswith("-"):
            (options if word.startswith("-") else inputs).append(word)
        else:
            given = not word.startswith("--") and (_is_row(word) or os.path.lexists(word))
            (inputs if given else options).append(word)
    return [*options, "--", *inputs] if inputs else options


def predict_all(model, words, as_json, top=None):
    """Print a prediction per input and return the exit code: 2 if any input is bad, else 0.

    Args:
        model: from `load`.
        words: paths of photos, or numbers.
        as_json: print JSON lines instead of text.
        top: how many of the best labels to print with their scores; by default only the best. Not
            for models that predict values or have a single output.

    Raises:
        BundleError: if photos are given and Pillow is not installed.
    """
    code = 0
    inputs = words
    try:
        _check_top(model, top)
        if model.manifest["input"]["kind"] == "vector":
            inputs = parse_rows(words, model.manifest["input"]["shape"][1], model.inputs)
    except InputError as error:
        _print_error(error)
        return 2
    for given in inputs:
        try:
            # Pillow also warns about damaged photos; the error below says it once.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                prediction = model.predict(given)
        except InputError as error:
            _print_error(error)
            code = 2
            continue
        name = given if isinstance(given, str) else " ".join("{:g}".format(n) for n in given)
        if as_json:
            answer = dict(input=name, **_answer_parts(model, prediction, top))
            answer["latency_seconds"] = round(prediction.latency, 6)
            _write(json.dumps(answer) + "\n")
        else:
            answer = answer_text(model, prediction, top)
            _write("{}: {}\n".format(printable(name), answer))
    return code


def _check_top(model, top):
    if top and not model.labels:
        raise InputError(
            "{} predicts values and has no labels; leave --top out.".format(model.name)
        )
    if top and len(model.names) == 1:
        raise InputError(
            "{} has a single output and no score per label; leave --top out.".format(model.name)
        )


def predict_csv(model, path, as_json, top=None):
    """Print predictions for the rows of a CSV file and return the exit code: 2 for bad input.

    They are CSV: label and scores, or values, one line for each row. Nothing is printed unless all
    rows are predicted. Columns that are ignored are named on standard error.

    Args:
        model: from `load`.
        path: of the file, see `read_csv`.
        as_json: print JSON lines instead of CSV.
        top: as for `predict_all`; for JSON only.
    """
    text = io.StringIO()
    try:
        _check_top(model, top)
        if top and not as_json:
            raise InputError("CSV has the scores of all labels; leave --top out.")
        if model.manifest["input"]["kind"] != "vector":
            raise InputError(
                "{} takes photos, and --csv is for models of numbers; give files of photos.".format(
                    model.name
                )
            )
        ignored, rows = read_csv(path, model.manifest["input"]["shape"][1], model.inputs)
        _write_answers(model, printable(path), rows, text, top, as_json)
    except InputError as error:
        _print_error(error)
        return 2
    if ignored:
        _print_note("ignored the columns {}".format(_listed(ignored)))
    _write(text.getvalue())
    return 0


def _write_answers(model, where, rows, stream, top, as_json):
    writer = csv.writer(stream, lineterminator="\n")
    if not as_json:
        writer.writerow(_csv_header(model))
    count = 0
    while True:
        part = list(itertools.islice(rows, _CSV_ROWS))
        if not part:
            break
        count += len(part)
        predictions = model.predict_batch([row for _, row in part])
        for (line, _), prediction in zip(part, predictions):
            if as_json:
                answer = dict(line=line, **_answer_parts(model, prediction, top))
                stream.write(json.dumps(answer) + "\n")
            else:
                # The shortest text that is read back as the same float32.
                scores = [str(score) for score in prediction.scores]
                writer.writerow(scores if prediction.label is None else [prediction.label, *scores])
    if not count:
        raise InputError("{} has a header, but no rows.".format(where))


def _csv_header(model):
    named = [
        "{} ({})".format(name, unit) if unit else name
        for name, unit in zip(model.names, model.units)
    ]
    return ["label", *named] if model.labels else named


def answer_text(model, prediction, top=None):
    """Return a prediction as one line of text: labels with scores, or values with units.

    Args:
        model: from `load`.
        prediction: of this model.
        top: how many of the best labels to print; by default only the best.
    """
    if prediction.values is None:
        best = _best(model, prediction, top or 1)
        return ", ".join("{} ({:+.4f})".format(printable(label), n) for label, n in best)
    named = zip(model.names, prediction.values.values(), model.units)
    return ", ".join(
        printable("{} = {:.6g} {}".format(name, number, unit).rstrip())
        for name, number, unit in named
    )


def _answer_parts(model, prediction, top):
    """Return a prediction's fields in JSON."""
    if prediction.values is not None:
        parts = {"values": prediction.values}
        if any(model.units):
            parts["units"] = dict(zip(model.names, model.units))
        return parts
    parts = {
        "label": prediction.label,
        "score": prediction.score,
        "scores": named_scores(model, prediction),
    }
    if top:
        best = _best(model, prediction, top)
        parts["top"] = [{"label": label, "score": score} for label, score in best]
    return parts


def named_scores(model, prediction):
    """Return all outputs by name: a label, a value's name, or "output"."""
    return dict(zip(model.names, (float(score) for score in prediction.scores)))


def _best(model, prediction, count):
    """Return the best labels with their scores; for a single output, the predicted label only."""
    if len(model.names) == 1:
        return [(prediction.label, prediction.score)]
    scores = named_scores(model, prediction)
    return sorted(scores.items(), key=lambda named: -named[1])[:count]


class _OutputError(Exception):
    """Standard output cannot be written; the cause is the OSError."""


def _write(text):
    """Write text to standard output and flush it."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise _OutputError(
            "The output cannot be written ({}).".format(error.strerror or error)
        ) from error


def _output_failed(error):
    # The interpreter would try to flush the buffer at exit, and print another error.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error.__cause__, BrokenPipeError):
        return _PIPE_CLOSED
    _print_error(error)
    return _NOT_WRITTEN


def _print_error(sentence):
    _print_note("error: {}".format(sentence))


def _print_note(text):
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _is_row(word):
    name, equals, text = word.rpartition("=")
    numbers = [text] if name and equals else word.split(",")
    return all(_as_number(number) is not None for number in numbers)


if __name__ == "__main__":
    sys.exit(main())
