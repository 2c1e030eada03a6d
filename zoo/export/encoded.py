"""A JPEG or PNG file → pixels, in TensorFlow operations alone: what `edge.decode` does, in a graph.

Photos are turned as their EXIF orientation says and transparent parts are laid on white. A file
that cannot be read does not fail the others of its batch.
"""

from __future__ import annotations

import tensorflow as tf

from zoo import edge

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_EXIF = b"Exif\x00\x00"
_ORIENTATION, _BYTE, _LONG = 0x0112, 1, 4
_APP1, _START_OF_SCAN, _END_OF_IMAGE = 0xE1, 0xDA, 0xD9
# Tags that are looked at; a camera writes some dozens.
_MAX_TAGS = 1024
# The orientations stored with rows and columns exchanged, mirrored left to right, upside down.
_EXCHANGED, _MIRRORED, _UPSIDE_DOWN = (5, 6, 7, 8), (2, 3, 6, 7), (3, 4, 7, 8)


def decode_or_not(file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a file's photo and whether it is one; a black pixel stands for what is not.

    Args:
        file: the bytes of a JPEG or PNG file, a string ().

    Returns:
        uint8 (h, w, 3) and bool ().
    """
    # Only tf.data can go on after an operation that failed.
    read = tf.data.Dataset.from_tensors(file).map(lambda given: (decode(given), True))
    instead = tf.data.Dataset.from_tensors((tf.zeros((1, 1, 3), tf.uint8), False))
    kept = read.ignore_errors().concatenate(_of_any_size(instead)).take(1)
    photo, valid = kept.get_single_element()
    return tf.ensure_shape(photo, (None, None, 3)), valid


def decode(file: tf.Tensor) -> tf.Tensor:
    """Return a file's photo, uint8 (h, w, 3); the operation fails for what is not a photo.

    Args:
        file: the bytes of a JPEG or PNG file, a string ().
    """
    content = _Bytes(file)
    is_png = content.starts(0, _PNG)
    with tf.control_dependencies([tf.debugging.Assert(is_png | content.starts(0, _JPEG), [0])]):
        photo = tf.cond(is_png, lambda: _decode_png(file, content), lambda: _decode_jpeg(file))
    tags = tf.cond(is_png, lambda: _exif_of_png(content), lambda: _exif_of_jpeg(content))
    turned = _oriented(photo, _orientation(content, tags))
    return tf.ensure_shape(turned, (None, None, 3))


class _Bytes:
    """A file's bytes as whole numbers; beyond its end there are zeros."""

    def __init__(self, file: tf.Tensor):
        self._bytes = tf.io.decode_raw(file, tf.uint8)
        self.size = tf.size(self._bytes)

    def at(self, position: tf.Tensor) -> tf.Tensor:
        """Return the byte at each position, int32."""
        inside = (position >= 0) & (position < self.size)
        byte = tf.gather(self._bytes, tf.where(inside, position, 0))
        return tf.where(inside, tf.cast(byte, tf.int32), 0)

    def number(
        self, position: tf.Tensor, count: int, little: bool | tf.Tensor = False
    ) -> tf.Tensor:
        """Return the number of so many bytes at each position; below 0 if it has 32 bits."""
        parts = [self.at(position + index) for index in range(count)]
        large = sum(part * 256**place for place, part in enumerate(reversed(parts[-3:])))
        small = sum(part * 256**place for place, part in enumerate(parts[:3]))
        if count == 4:
            large += tf.bitwise.left_shift(parts[0], 24)
            small += tf.bitwise.left_shift(parts[3], 24)
        return tf.where(little, small, large)

    def starts(self, position: tf.Tensor, text: bytes) -> tf.Tensor:
        """Return whether a text stands at a position."""
        there = self.at(position + tf.range(len(text)))
        return tf.reduce_all(there == tf.constant(list(text)))


def _decode_jpeg(file: tf.Tensor) -> tf.Tensor:
    height, width = tf.unstack(tf.io.extract_jpeg_shape(file)[:2])
    with tf.control_dependencies([_not_too_large(height, width)]):
        # The exact transform, as Pillow takes it; the default is a faster one.
        return tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_png(file: tf.Tensor, content: _Bytes) -> tf.Tensor:
    width, height = content.number(16, 4), content.number(20, 4)
    deep_gray = (content.at(24) == 16) & (content.at(25) == 0)
    with tf.control_dependencies([_not_too_large(height, width)]):
        return tf.cond(
            deep_gray,
            lambda: _blend_gray_with_white(tf.io.decode_png(file, channels=4, dtype=tf.uint16)),
            lambda: _blend_with_white(_expanded(tf.io.decode_png(file, channels=4), content)),
        )


def _expanded(photo: tf.Tensor, content: _Bytes) -> tf.Tensor:
    """Make 1, 2 or 4 bits per pixel opaque: TensorFlow fills up with as many bits as are stored."""
    depth = content.at(24)
    filled = tf.cast(tf.bitwise.left_shift(1, tf.minimum(depth, 8)) - 1, tf.uint8)
    colour, opacity = tf.split(photo, (3, 1), axis=-1)
    is_filled = (depth < 8) & tf.reduce_all(opacity == filled)
    return tf.concat([colour, tf.where(is_filled, tf.constant(255, tf.uint8), opacity)], axis=-1)


def _not_too_large(height: tf.Tensor, width: tf.Tensor) -> tf.Operation:
    pixels = tf.cast(height, tf.int64) * tf.cast(width, tf.int64)
    fits = (height > 0) & (width > 0) & (pixels <= edge.MAX_PHOTO_PIXELS)
    return tf.debugging.Assert(fits, [pixels])


def _blend_with_white(photo: tf.Tensor) -> tf.Tensor:
    """Lay colours with an opacity on white paper, rounded as Pillow's `alpha_composite` does."""
    colour, opacity = tf.split(tf.cast(photo, tf.int32), (3, 1), axis=-1)
    mixed = 128 * (colour * opacity + 255 * (255 - opacity)) + (128 << 7)
    divided = tf.bitwise.right_shift(tf.bitwise.right_shift(mixed, 8) + mixed, 8)
    laid = tf.cast(tf.bitwise.right_shift(divided, 7), tf.uint8)
    return tf.cond(tf.reduce_all(opacity == 255), lambda: photo[..., :3], lambda: laid)


def _blend_gray_with_white(photo: tf.Tensor) -> tf.Tensor:
    """Return 16-bit gray scaled to 8 bits, in three channels."""
    gray, _, _, opacity = tf.split(tf.cast(photo, tf.float64), 4, axis=-1)
    laid = (gray * opacity / 65535 + (65535 - opacity)) * (255.0 / 65535)
    return tf.repeat(tf.cast(tf.round(laid), tf.uint8), 3, axis=-1)


def _exif_of_jpeg(content: _Bytes) -> tf.Tensor:
    """Return where the TIFF header of the EXIF segment begins, or −1."""

    def step(position, found):
        marker = content.at(position + 1)
        is_exif = (marker == _APP1) & content.starts(position + 4, _EXIF)
        found = tf.where(is_exif, position + 4 + len(_EXIF), found)
        return position + 2 + content.number(position + 2, 2), found

    def has_more(position, found):
        marker = content.at(position + 1)
        is_segment = (content.at(position) == 0xFF) & (marker != _START_OF_SCAN)
        return (found < 0) & is_segment & (marker != _END_OF_IMAGE) & (position < content.size)

    return tf.while_loop(has_more, step, (tf.constant(2), tf.constant(-1)))[1]


def _exif_of_png(content: _Bytes) -> tf.Tensor:
    """Return where the TIFF header of the eXIf chunk begins, or −1."""

    def step(position, found):
        found = tf.where(content.starts(position + 4, b"eXIf"), position + 8, found)
        length = content.number(position, 4)
        # A length beyond the file ends the search.
        length = tf.where((length < 0) | (length > content.size), content.size, length)
        return position + 12 + length, found

    def has_more(position, found):
        return (found < 0) & (position < content.size)

    return tf.while_loop(has_more, step, (tf.constant(8), tf.constant(-1)))[1]


def _orientation(content: _Bytes, start: tf.Tensor) -> tf.Tensor:
    """Return the EXIF orientation, 1 to 8, of the tags whose TIFF header begins there."""
    little = content.starts(start, b"II")
    known = (start >= 0) & (little | content.starts(start, b"MM"))
    offset = content.number(start + 4, 4, little)
    known &= (offset > 0) & (offset < content.size)
    first = start + tf.where(known, offset, 0)
    count = tf.minimum(content.number(first, 2, little), _MAX_TAGS)
    tags = first + 2 + 12 * tf.range(count)
    kind = content.number(tags + 2, 2, little)
    value = content.number(tags + 8, 2, little)
    value = tf.where(kind == _BYTE, content.at(tags + 8), value)
    value = tf.where(kind == _LONG, content.number(tags + 8, 4, little), value)
    is_it = content.number(tags, 2, little) == _ORIENTATION
    found = tf.reduce_max(tf.where(is_it, value, 1), keepdims=True)
    given = tf.where(known & tf.reduce_any(is_it), found[0], 1)
    return tf.where((given >= 1) & (given <= 8), given, 1)


def _oriented(photo: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    def is_one_of(orientations):
        return tf.reduce_any(orientation == tf.constant(orientations))

    photo = tf.cond(
        is_one_of(_EXCHANGED), lambda: tf.transpose(photo, (1, 0, 2)), lambda: tf.identity(photo)
    )
    axes = tf.boolean_mask([0, 1], [is_one_of(_UPSIDE_DOWN), is_one_of(_MIRRORED)])
    return tf.reverse(photo, axes)


def _of_any_size(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Return the same photos, of which nothing is known of their sizes."""

    def hidden(photo, valid):
        return tf.ensure_shape(tf.reshape(photo, tf.stack([-1, 1, 3])), (None, None, 3)), valid

    return dataset.map(hidden)
