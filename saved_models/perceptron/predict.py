#!/usr/bin/env python3
"""Load a bundle on a board and predict: numpy, Pillow and LiteRT, no TensorFlow.

This one file is also the `predict.py` of every bundle, so it imports nothing of the package it
comes from and keeps to Python 3.8.

    python3 predict.py cat.jpg
    python3 predict.py 0 1

From a program:

    import predict                     # or: from zoo import edge
    model = predict.load("linear_cat_dog")
    label, score = model.predict("cat.jpg")
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import stat
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np

FORMAT = 2
MAX_MANIFEST_BYTES = 4 * 2**20
MAX_ARTIFACT_BYTES = 2 * 2**30
MAX_PHOTO_BYTES = 64 * 2**20
MAX_PHOTO_PIXELS = 50 * 10**6
MAX_THREADS = 256


class BundleError(ValueError):
    """A bundle that is not whole, not understood, or not as its manifest says."""


class InputError(ValueError):
    """A photo, an array or numbers that the model cannot take."""


class Prediction:
    """What a model says of one input; unpacks as `label, score = prediction`.

    Args:
        label: one of the model's labels.
        score: the number the decision was made on: the output itself where there is one (the
            lecture's W x + b with its sign), else the winning label's.
        scores: all outputs, float32 (outputs,).
        latency: seconds the inference took, decoding not included.
    """

    __slots__ = ("label", "latency", "score", "scores")

    def __init__(self, label, score, scores, latency):
        self.label = label
        self.score = score
        self.scores = scores
        self.latency = latency

    def __iter__(self):
        return iter((self.label, self.score))

    def __repr__(self):
        return "Prediction(label={!r}, score={:.6g})".format(self.label, self.score)


class Model:
    """A loaded bundle's artifact; made by `load`.

    One interpreter serves all threads: a lock lets one inference through at a time, so calls
    from several threads are safe and take turns. For real parallelism load one model per thread.

    Attributes:
        name: of the model.
        labels: tuple of str.
        manifest: the manifest as read.
        artifact: which of the bundle's artifacts this is.
    """

    def __init__(self, manifest, artifact, interpreter):
        self.name = manifest["name"]
        self.labels = tuple(manifest["labels"])
        self.manifest = manifest
        self.artifact = artifact
        self._is_image = manifest["input"]["kind"] == "image"
        self._threshold = (
            manifest["output"]["threshold"]
            if manifest["output"]["decision"] == "threshold"
            else None
        )
        self._interpreter = interpreter
        self._lock = threading.Lock()
        given = interpreter.get_input_details()[0]
        answer = interpreter.get_output_details()[0]
        self._input = given["index"]
        self._output = answer["index"]
        self._dtype = np.dtype(given["dtype"])
        self._shape = tuple(int(size) for size in given["shape"])
        self._fixed = tuple(manifest["input"]["shape"])
        self._input_scale, self._input_zero = given["quantization"]
        self._output_scale, self._output_zero = answer["quantization"]

    def __repr__(self):
        return "Model({!r}, artifact={!r})".format(self.name, self.artifact)

    def predict(self, x):
        """Return the prediction for one input.

        Args:
            x: for an image model a path, the bytes of an encoded photo, a PIL image, or uint8
                0…255 of shape (h, w, 3) or (h, w); for a model of numbers an array (inputs,).

        Raises:
            InputError: if it cannot be read or has another shape or type.
        """
        batch = self._as_example(x)[None]
        started = time.perf_counter()
        scores = self._invoke(batch)[0]
        return self._decide(scores, time.perf_counter() - started)

    def predict_batch(self, inputs):
        """Return a list of predictions, one per input; equal-sized ones go in together.

        Args:
            inputs: a sequence of what `predict` takes.

        Raises:
            InputError: as `predict`.
        """
        examples = [self._as_example(x) for x in inputs]
        together = self._fixed[0] is None
        groups = {}
        for position, example in enumerate(examples):
            groups.setdefault(example.shape if together else position, []).append(position)
        predictions = [None] * len(examples)
        for positions in groups.values():
            batch = np.stack([examples[position] for position in positions])
            started = time.perf_counter()
            rows = self._invoke(batch)
            seconds = (time.perf_counter() - started) / len(positions)
            for position, scores in zip(positions, rows):
                predictions[position] = self._decide(scores, seconds)
        return predictions

    def stream(self, frames):
        """Yield the prediction of each frame of an iterable, as it comes."""
        for frame in frames:
            yield self.predict(frame)

    def raw(self, batch):
        """Return the outputs for an array that is a batch already, float32 (batch, outputs).

        Args:
            batch: uint8 (batch, h, w, 3), or float32 (batch, inputs).

        Raises:
            InputError: for another type or rank.
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
            interpreter.set_tensor(self._input, batch)
            interpreter.invoke()
            outputs = interpreter.get_tensor(self._output)
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
            raise InputError(
                "{} cannot be run on an input of shape {} ({}).".format(
                    self.name, shape, _first_line(error)
                )
            ) from error
        self._shape = shape

    def _decide(self, scores, seconds):
        if self._threshold is None:
            winner = int(scores.argmax())
            score = float(scores[winner])
            label = self.labels[winner]
        else:
            score = float(scores[0])
            label = self.labels[score >= self._threshold]
        if score != score:
            raise InputError("{} answered NaN; the input cannot be judged.".format(self.name))
        return Prediction(label, score, scores, seconds)

    def _as_example(self, x):
        if self._is_image:
            if not isinstance(x, np.ndarray):
                x = decode(x)
            return self._as_frame(x)
        return self._as_numbers(x)

    def _as_frame(self, x):
        if x.ndim == 2:
            x = np.repeat(x[:, :, None], 3, axis=2)
        if x.dtype != np.uint8 or x.ndim != 3 or x.shape[2] != 3 or 0 in x.shape:
            raise InputError(
                "An array of {} {} was given; a photo is uint8 (h, w, 3) or (h, w).".format(
                    x.dtype, x.shape
                )
            )
        height, width = self._fixed[1:3]
        return x if height is None else fit_frame(x, height, width)

    def _as_numbers(self, x):
        try:
            # What float32 cannot hold becomes infinite, which is refused below.
            with np.errstate(over="ignore"):
                numbers = np.asarray(x, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise InputError("{!r} is no row of numbers.".format(x)) from error
        if numbers.shape != (self._fixed[1],):
            raise InputError(
                "An input of shape {} was given; {} takes {} numbers.".format(
                    numbers.shape, self.name, self._fixed[1]
                )
            )
        if not np.isfinite(numbers).all():
            raise InputError("The input {} is not finite; give ordinary numbers.".format(numbers))
        return numbers


def load(bundle, artifact=None, threads=1):
    """Load one artifact of a bundle, after checking that it is the file that was exported.

    Args:
        bundle: the bundle's folder.
        artifact: a `.tflite` that the manifest lists; by default "float32", or the first where
            there is none.
        threads: of the interpreter, 1 to 256.

    Raises:
        BundleError: if the manifest, the labels or the artifact is missing, damaged, or not what
            the manifest says.
    """
    if not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise BundleError(
            "threads is {!r}; give a whole number from 1 to {}.".format(threads, MAX_THREADS)
        )
    bundle = Path(bundle)
    manifest = read_manifest(bundle)
    artifact = default_artifact(manifest) if artifact is None else artifact
    content = _artifact_bytes(bundle, manifest, artifact)
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
    """Return the artifact to load unless another is asked for: "float32", else the first."""
    loadable = _loadable(manifest)
    return "float32" if "float32" in loadable or not loadable else loadable[0]


@contextlib.contextmanager
def quiet_stderr():
    """Hold back what is written to file descriptor 2; print it after all if the block raises.

    For command lines, around the loading of libraries whose C++ greets the terminal and listens
    to no logger. A process without standard error is left as it is.
    """
    try:
        saved = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
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


def read_manifest(bundle):
    """Return a bundle's manifest, its contract checked.

    Raises:
        BundleError: if it is missing, unreadable, or does not hold what a bundle needs.
    """
    bundle = Path(bundle)
    path = bundle / "manifest.json"
    if not path.is_file():
        raise BundleError("{} is no bundle: it has no manifest.json.".format(bundle))
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError("{} is larger than any manifest.".format(path))
        manifest = json.loads(path.read_text(encoding="utf-8"))
        listed = (bundle / "labels.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            "{} is damaged: its manifest or labels cannot be read ({}).".format(
                bundle, _first_line(error)
            )
        ) from error
    problem = _contract_problem(manifest)
    if problem is None and listed != manifest["labels"]:
        problem = "labels.txt and the manifest differ"
    if problem:
        raise BundleError("{} is damaged: {}.".format(bundle, problem))
    return manifest


def manifest_digest(manifest):
    """Return the sha256 of all that a manifest holds but its own "sha256".

    It finds damage, such as a changed digit of the threshold; who edits a manifest on purpose can
    write a new one.
    """
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def decode(source):
    """Return a photo as uint8 0…255 of shape (h, w, 3): the one way photos are read everywhere.

    EXIF orientation is applied; gray, palette, CMYK and 16-bit photos become 8-bit RGB;
    transparent parts are laid on white; of an animation the first frame counts.

    Args:
        source: a path, the bytes of a file, a binary file object, or a PIL image.

    Raises:
        InputError: if it is no photo, damaged, or larger than 64 MiB or 50 million pixels.
    """
    image_module = _pillow()
    if isinstance(source, image_module.Image):
        return _to_rgb(source, "The image")
    name, stream = _open_photo(source)
    with contextlib.closing(stream):
        try:
            with image_module.open(stream) as image:
                width, height = image.size
                if width * height > MAX_PHOTO_PIXELS:
                    raise InputError(
                        "{} has {} × {} pixels, more than {:,}; make it smaller.".format(
                            name, width, height, MAX_PHOTO_PIXELS
                        )
                    )
                return _to_rgb(image, name)
        except InputError:
            raise
        except MemoryError as error:
            raise InputError("{} does not fit in memory.".format(name)) from error
        except Exception as error:
            # Pillow's readers let damaged files escape as almost any exception.
            raise InputError(
                "{} cannot be read as a photo ({}); give a JPEG or PNG file.".format(
                    name, _first_line(error)
                )
            ) from error


def fit_frame(photo, height, width):
    """Return a photo, uint8 (h, w, 3), resized to the one size that a bundle takes.

    Bundles exported for any size need no such step; their own resize is part of the model.
    """
    if photo.shape[:2] == (height, width):
        return photo
    image = _pillow().fromarray(photo)
    return np.array(image.resize((width, height), _pillow().Resampling.BILINEAR))


def _open_photo(source):
    if isinstance(source, (bytes, bytearray)):
        size, name, stream = len(source), "The encoded photo", io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        name = str(source)
        try:
            status = os.stat(source)
            # A pipe would be waited for, a device read for ever.
            if not stat.S_ISREG(status.st_mode):
                raise InputError("{} is no file; give a JPEG or PNG file.".format(name))
            size = status.st_size
            stream = open(source, "rb")  # noqa: SIM115  closed by the caller
        except InputError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError("{} cannot be opened ({}).".format(name, reason)) from error
    elif hasattr(source, "read"):
        content = source.read(MAX_PHOTO_BYTES + 1)
        size, name, stream = len(content), "The photo", io.BytesIO(content)
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


def _to_rgb(image, name):
    from PIL import ImageOps

    # Orientation is read before conversion drops it; the first frame is the one that is open.
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        pixels = np.asarray(image).astype(np.float64)
        top = 65535 if image.mode.startswith("I") else 255
        pixels = np.clip(pixels * (255.0 / top), 0, 255).round().astype(np.uint8)
        return np.repeat(pixels[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = _pillow().new("RGBA", image.size, "white")
        image = _pillow().alpha_composite(paper, image)
    pixels = np.array(image.convert("RGB"), dtype=np.uint8)
    if pixels.ndim != 3 or 0 in pixels.shape:
        raise InputError("{} has no pixels.".format(name))
    return pixels


def _pillow():
    from PIL import Image

    return Image


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


def _artifact_bytes(bundle, manifest, artifact):
    loadable = _loadable(manifest)
    if artifact not in loadable:
        raise BundleError(
            "{} has no artifact {!r}; it has {}.".format(
                bundle, artifact, ", ".join(loadable) or "none that runs here"
            )
        )
    entry = manifest["artifacts"][artifact]
    file = entry["file"]
    if Path(file).name != file or "\\" in file or ":" in file:
        raise BundleError("{}: the artifact path {!r} leaves the bundle.".format(bundle, file))
    path = bundle / file
    try:
        if path.resolve().parent != bundle.resolve():
            raise BundleError("{}: the artifact path {!r} leaves the bundle.".format(bundle, file))
        size = path.stat().st_size
        if size != entry.get("bytes") or size > MAX_ARTIFACT_BYTES:
            raise BundleError(
                "{} is damaged: it has {} bytes and the manifest says {}; copy the bundle "
                "again.".format(path, size, entry.get("bytes"))
            )
        # Hashed and loaded from the same bytes: nothing can change in between.
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(
            "{} cannot be read ({}).".format(path, error.strerror or error)
        ) from error
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise BundleError(
            "{} is damaged: its sha256 is not the manifest's; copy the bundle again.".format(path)
        )
    return content


def _contract_problem(manifest):
    """Return what is wrong with a manifest, or None."""
    if not isinstance(manifest, dict):
        return "the manifest is no JSON object"
    if manifest.get("format") != FORMAT or isinstance(manifest["format"], bool):
        return "its format is {!r} and this program reads {}".format(manifest.get("format"), FORMAT)
    if manifest.get("sha256") != manifest_digest(manifest):
        return "its manifest is not as it was written; copy the bundle again"
    if not isinstance(manifest.get("name"), str) or not manifest["name"]:
        return "it has no name"
    labels = manifest.get("labels")
    if not isinstance(labels, list) or len(labels) < 2:
        return "it has no labels"
    if not all(isinstance(label, str) and label for label in labels):
        return "a label is no text"
    artifacts = manifest.get("artifacts")
    if not isinstance(artifacts, dict) or not all(isinstance(e, dict) for e in artifacts.values()):
        return "it lists no artifacts"
    return _input_problem(manifest.get("input")) or _output_problem(
        manifest.get("output"), len(labels)
    )


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
    return None


def _output_problem(answer, labels):
    if not isinstance(answer, dict) or answer.get("decision") not in ("threshold", "argmax"):
        return "its output is decided neither by threshold nor by argmax"
    if answer["decision"] == "argmax":
        return None
    threshold = answer.get("threshold")
    if type(threshold) not in (int, float) or threshold != threshold:
        return "its threshold is {!r}".format(threshold)
    if labels != 2:
        return "a threshold decides between 2 labels and it has {}".format(labels)
    return None


def _check_tensors(bundle, manifest, interpreter):
    given = interpreter.get_input_details()
    answers = interpreter.get_output_details()
    image = manifest["input"]["kind"] == "image"
    outputs = 1 if manifest["output"]["decision"] == "threshold" else len(manifest["labels"])
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
        raise BundleError("{} is damaged: its model is not what its manifest says.".format(bundle))


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _shape_text(shape):
    return "({})".format(", ".join("any" if size is None else str(size) for size in shape))


def parse_rows(words, inputs):
    """Turn words of a command line into rows of numbers: `0 1`, or `0,1 1,1` for several.

    Args:
        words: list of str.
        inputs: numbers per row.

    Raises:
        InputError: if a word is no number or the rows have another length.
    """
    try:
        rows = [[float(number) for number in word.split(",")] for word in words]
    except ValueError:
        raise InputError(
            "{!r} is no row of {} numbers; write them as 0 1 or 0,1.".format(
                " ".join(words), inputs
            )
        ) from None
    if len(rows) == inputs and all(len(row) == 1 for row in rows):
        rows = [[row[0] for row in rows]]
    if any(len(row) != inputs for row in rows):
        raise InputError(
            "{!r} was given; the model takes {} numbers, as in {}.".format(
                " ".join(words), inputs, " ".join(["0"] * inputs)
            )
        )
    return rows


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, "error: {}; --help shows how.\n".format(message))


def _whole_number(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError("{!r} is no whole number".format(text)) from None


def main(argv=None):
    """Predict from the command line; return the exit code, 2 for bad input."""
    parser = _Parser(description="Predict with the bundle in this folder.")
    parser.add_argument("inputs", nargs="+", help="photos; or numbers, for a model of numbers")
    parser.add_argument("--bundle", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--artifact", help="one of the bundle's .tflite files, as int8")
    parser.add_argument("--threads", type=_whole_number, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    # argparse takes "-1,2" for an option; with a space before it, it is what it is.
    words = sys.argv[1:] if argv is None else argv
    words = [" " + word if word.startswith("-") and _is_row(word) else word for word in words]
    options = parser.parse_args(words)
    try:
        with quiet_stderr():
            model = load(options.bundle, options.artifact, options.threads)
    except BundleError as error:
        print("error: {}".format(error), file=sys.stderr)
        return 2
    return predict_all(model, options.inputs, options.json)


def predict_all(model, words, as_json):
    """Print a line per input and return the exit code: 2 if any could not be read, else 0.

    Args:
        model: from `load`.
        words: paths of photos, or numbers.
        as_json: JSON lines rather than text.
    """
    code = 0
    inputs = words
    try:
        if model.manifest["input"]["kind"] == "vector":
            inputs = parse_rows(words, model.manifest["input"]["shape"][1])
    except InputError as error:
        print("error: {}".format(error), file=sys.stderr)
        return 2
    for given in inputs:
        try:
            # Pillow also warns of a damaged photo; a command line says it once, below.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                prediction = model.predict(given)
        except InputError as error:
            print("error: {}".format(error), file=sys.stderr)
            code = 2
            continue
        name = given if isinstance(given, str) else " ".join("{:g}".format(n) for n in given)
        if as_json:
            print(
                json.dumps(
                    {
                        "input": name,
                        "label": prediction.label,
                        "score": prediction.score,
                        "scores": [float(score) for score in prediction.scores],
                        "latency_seconds": round(prediction.latency, 6),
                    }
                )
            )
        else:
            print("{}: {} ({:+.4f})".format(name, prediction.label, prediction.score))
    return code


def _is_row(word):
    try:
        return bool([float(number) for number in word.split(",")])
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
