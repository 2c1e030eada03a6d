"""Files → pixels in a graph, exactly the pixels of edge.decode; what edge refuses is not valid."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from zoo import edge
from zoo.export.encoded import decode_or_not
from zoo.export.encoded_photos import encoded_photos

DECODE = tf.function(decode_or_not, input_signature=[tf.TensorSpec((), tf.string)])
PHOTO = np.random.default_rng(0).integers(0, 256, (14, 22, 3)).astype("uint8")
FILES = encoded_photos([PHOTO])
_TAG = 0x0112


def assert_same_pixels(file):
    photo, valid = DECODE(tf.constant(file))
    assert bool(valid)
    np.testing.assert_array_equal(photo, edge.decode(file))


@pytest.mark.parametrize("index", range(len(FILES)))
def test_every_kind_of_file_gives_the_pixels_of_the_decoder(index):
    assert_same_pixels(FILES[index])


def test_photos_of_cameras_give_the_pixels_of_the_decoder(photos_dir):
    for path in sorted(photos_dir.rglob("*.jpg"))[::10]:
        assert_same_pixels(path.read_bytes())


def png(depth, kind, row, width, clear=None):
    """Return a PNG of one row: kind 0 is gray and 2 is colour; `clear` is its tRNS chunk."""

    def chunk(name, content):
        message = name + content
        return struct.pack(">I", len(content)) + message + struct.pack(">I", zlib.crc32(message))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0))
    trns = b"" if clear is None else chunk(b"tRNS", clear)
    data = chunk(b"IDAT", zlib.compress(b"\0" + row))
    return b"\x89PNG\r\n\x1a\n" + head + trns + data + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "file",
    [
        png(1, 0, b"\xa0", 4),
        png(1, 0, b"\xa0", 4, b"\0\1"),
        png(2, 0, b"\x1b", 4),
        png(4, 0, b"\x0f\x37", 4),
        png(8, 0, b"\x0f\x37", 2, b"\0\x37"),
        png(16, 0, b"\x0f\x37\xff\x80", 2),
        png(16, 2, b"\x0f\x37\xff\x80\x00\xff", 1),
    ],
)
def test_every_depth_of_a_png_gives_the_pixels_of_the_decoder(file):
    assert_same_pixels(file)


@pytest.mark.parametrize("colours", [2, 4, 16, 200])
@pytest.mark.parametrize("clear", [{}, {"transparency": 1}, {"transparency": b"\x0f\x80"}])
def test_palettes_of_every_depth_give_the_pixels_of_the_decoder(colours, clear):
    stream = io.BytesIO()
    Image.fromarray(PHOTO).quantize(colours).save(stream, "PNG", **clear)
    assert_same_pixels(stream.getvalue())


def jpeg_with(exif):
    stream = io.BytesIO()
    Image.fromarray(PHOTO).save(stream, "JPEG")
    content = stream.getvalue()
    segment = b"Exif\0\0" + exif
    return content[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(segment)) + segment + content[2:]


def tags(order, kind, value, before=0):
    """Return a TIFF header with some other tags and the orientation."""
    entries = [(0x0100 + n, 3, 1, 7) for n in range(before)] + [(_TAG, kind, 1, value)]
    packed = b""
    for tag, of, count, number in entries:
        body = struct.pack(order + {1: "B3x", 3: "H2x", 4: "I"}[of], number)
        packed += struct.pack(order + "HHI", tag, of, count) + body
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", 8) + struct.pack(order + "H", len(entries))
    return head + packed + b"\0" * 4


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
@pytest.mark.parametrize("value", range(10))
def test_orientations_are_read_in_either_byte_order(order, kind, value):
    assert_same_pixels(jpeg_with(tags(order, kind, value, before=3)))


@pytest.mark.parametrize(
    "exif",
    [b"", b"II", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"MM\0*\0\0\0\x08\0\x02"],
)
def test_damaged_tags_leave_a_photo_as_it_is(exif):
    photo, valid = DECODE(tf.constant(jpeg_with(exif)))
    assert bool(valid)
    assert photo.shape == PHOTO.shape


@pytest.mark.parametrize(
    "file",
    [b"", b"\xff\xd8\xff", b"no photo", b"\xff\xd8\xff\xe1\xff\xff", b"\x89PNG\r\n\x1a\n"]
    + [file[: len(file) // 2] for file in FILES[::5]],
)
def test_what_cannot_be_read_is_not_valid(file):
    photo, valid = DECODE(tf.constant(file))
    assert not bool(valid)
    assert photo.shape == (1, 1, 3)
