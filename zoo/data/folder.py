"""A folder of photos, one folder inside it per class."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from zoo.data.dataset import SPLITS
from zoo.data.decoding import Decoded
from zoo.data.equal_photos import groups_of_equal
from zoo.data.listing import SPLIT_NAMES, Listing
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.splits import split_in_shares
from zoo.errors import ZooError
from zoo.utils.text import check_label, printable

# In the order in which photos are given to them.
SHARES = {"test": 0.2, "validation": 0.1}
# A change of the rule that splits photos needs a new number: kept photos are kept in splits.
_RULE = 2
_EXAMPLE = "such as cat/1.jpg and dog/1.jpg"


class PhotoFolder:
    """The photos under FOLDER/CLASS/, for instance FOLDER/cat/1.jpg; a class may have subfolders.

    Classes are the folders' names, sorted. Of every class 20 % of the photos are tested on and
    10 % validated, at least one each, chosen by a hash of the paths inside FOLDER. Photos of
    equal pixels count as one and stay together.

    Where FOLDER holds train/CLASS/ and test/CLASS/, validation/CLASS/ or both (also training,
    testing, val, valid), these are the splits; the one that is missing is taken out of train in
    the same way.

    Names that begin with a dot are passed over; other files that are not photos are counted in
    `notes`.

    Args:
        data_dir: FOLDER.

    Raises:
        ZooError: if there is no such folder, it cannot be read, it is not clear whether its
            folders are classes or splits, or a class is missing.
    """

    name = "photos"

    def __init__(self, data_dir: str | Path | None):
        if data_dir is None:
            raise ZooError(
                "The data set 'photos' needs a folder with one folder of photos per class; "
                "name it with data_dir, or --data-dir on the command line."
            )
        self._folder = Path(data_dir).expanduser()
        self._told = printable(self._folder)
        try:
            if not self._folder.is_dir():
                raise ZooError(
                    f"There is no folder {self._told}; "
                    f"give one with a folder of photos per class, {_EXAMPLE}."
                )
            self._listing = Listing(self._folder)
        except OSError as error:
            refused = printable(error.filename or self._folder)
            raise ZooError(
                f"{refused} cannot be read ({error.strerror}); give a folder whose photos you "
                "may read."
            ) from error
        self._class_folders = self._split_folders() or {"": self._listing.folders(Path())}
        self._given = frozenset(self._class_folders) - {""}
        self.labels = self._class_names()
        self._photos = [
            (path, label, split)
            for split, classes in self._class_folders.items()
            for label, name in enumerate(self.labels)
            for path in self._listing.photos(Path(*_folder_of(classes, name)))
        ]
        self._require_photos()

    @property
    def total(self) -> int:
        """How many photo files there are."""
        return len(self._photos)

    @property
    def place(self) -> str:
        """The folder itself."""
        return str(self._folder.resolve())

    @property
    def notes(self) -> tuple[str, ...]:
        """How the splits were found, and what was passed over."""
        told = []
        if self._given:
            missing = " and ".join(split for split in SPLITS if split not in self._given)
            carved = f"; {missing} is taken out of train" if missing else ""
            folders = ", ".join(sorted(printable(name) for name in self._split_names.values()))
            told.append(f"The folders {folders} are taken as splits{carved}.")
        passed = self._listing.passed_over()
        return (*told, passed) if passed else tuple(told)

    def key(self) -> str:
        """Return a hash over the files' names, sizes and times of change, and the classes."""
        files = [self._folder / path for path, _, _ in self._photos]
        return f"{_RULE} {files_key(self._folder, files)}"

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the files; one that cannot be opened comes without bytes."""
        for path, label, split in self._photos:
            # Systems differ in how they spell an accent; the split must not.
            name = unicodedata.normalize("NFC", path.as_posix())
            try:
                encoded = (self._folder / path).read_bytes()
            except OSError:
                encoded = b""
            yield EncodedPhoto(name, label, split, encoded)

    def settle(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the splits, none of them without a photo of every class.

        Raises:
            ZooError: if a class has too few readable photos.
        """
        split_of = {photo.name: photo.split for photo in photos}
        shares = {split: part for split, part in SHARES.items() if split not in self._given}
        for split in self._class_folders:
            of_split = [photo for photo in photos if photo.split == split]
            least = len(shares) + 1 if split in ("", "train") else 1
            self._require(split, Counter(photo.label for photo in of_split), least, "readable ")
        whole = [photo for photo in photos if photo.split in ("", "train")]
        # Equal photos under two labels count as one of the first one's class.
        groups = groups_of_equal(whole)
        split = "train" if self._given else ""
        self._require(
            split,
            Counter(group[0].label for group in groups),
            len(shares) + 1,
            "different readable ",
        )
        for label in range(len(self.labels)):
            names = [[photo.name for photo in group] for group in groups if group[0].label == label]
            split_of.update(split_in_shares(names, shares))
        return split_of

    def _split_folders(self) -> dict[str, list[str]] | None:
        """Return split → its class folders, or None if the folders are classes themselves."""
        names = self._listing.folders(Path())
        found = [name for name in names if name.lower() in SPLIT_NAMES]
        self._split_names = {SPLIT_NAMES[name.lower()]: name for name in found}
        if len(found) < 2:
            nested = [name for name in names if self._holds_splits(Path(name))]
            if nested:
                self._refuse(
                    f"holds the folders of splits inside of a class, {printable(nested[0])}; "
                    "put the classes into train and test, such as train/cat and test/cat"
                )
            if found and len(names) == 1:
                self._refuse(
                    f"holds one folder only, {printable(found[0])}; give that folder, to be split, "
                    "or put test beside it"
                )
            return None
        for name in found:
            if self._listing.direct_photos(Path(name)) or not self._listing.folders(Path(name)):
                self._refuse(
                    f"holds {printable(' and '.join(found))}, but {printable(name)} holds photos "
                    "directly or no class folders, so that it is not clear whether it is a split "
                    f"or a class; put its photos into {printable(name)}/CLASS, or rename the class"
                )
        others = [name for name in names if name not in found]
        if others:
            self._refuse(
                f"holds {printable(' and '.join(found))}, which are taken as splits, beside "
                f"{printable(others[0])}, which is not one; move it out of there"
            )
        if len(self._split_names) < len(found):
            self._refuse(
                f"holds two folders for one split ({printable(', '.join(found))}); keep one"
            )
        if "train" not in self._split_names:
            self._refuse(f"holds {printable(' and '.join(found))}, but no train; name one train")
        return {
            split: [
                f"{self._split_names[split]}/{name}"
                for name in self._listing.folders(Path(self._split_names[split]))
            ]
            for split in SPLITS
            if split in self._split_names
        }

    def _holds_splits(self, folder: Path) -> bool:
        inside = {SPLIT_NAMES.get(name.lower()) for name in self._listing.folders(folder)}
        return len(inside - {None}) > 1

    def _class_names(self) -> tuple[str, ...]:
        of_split = {
            split: [_class_name(path) for path in paths]
            for split, paths in self._class_folders.items()
        }
        names = sorted(of_split.get("train", of_split.get("", [])))
        for name in names:
            check_label(name, f"The folder {self._told}")
        if len(set(names)) < len(names):
            self._refuse(
                "holds two class folders whose names differ only in how accents are spelled"
            )
        for split, found in of_split.items():
            differing = sorted(set(found) ^ set(names))[:1]
            for name in differing:
                has, lacks = ("train", split) if name in names else (split, "train")
                self._refuse(
                    f"holds the class {printable(name)} in {self._split_names[has]} and not in "
                    f"{self._split_names[lacks]}; give every split the same classes"
                )
        if len(names) < 2:
            self._refuse(
                f"holds {len(names)} class folder{'s' * (len(names) != 1)}, "
                f"but at least 2 are needed, {_EXAMPLE}"
            )
        return tuple(names)

    def _refuse(self, problem: str) -> None:
        raise ZooError(f"{self._told} {problem}.")

    def _require_photos(self) -> None:
        for split in self._class_folders:
            carved = len(SHARES) - len(self._given - {"train"}) if split in ("", "train") else 0
            counts = Counter(label for _, label, of in self._photos if of == split)
            self._require(split, counts, carved + 1)

    def _require(self, split: str, photos: Mapping[int, int], least: int, which: str = "") -> None:
        for label, name in enumerate(self.labels):
            count = photos.get(label, 0)
            if count < least:
                (folder,) = _folder_of(self._class_folders[split], name)
                raise ZooError(
                    f"{printable(self._folder / folder)} holds {count or 'no'} {which}"
                    f"photo{'s' * (count != 1)} ({', '.join(Listing.suffixes)}), but every class "
                    f"needs at least {least}: {_WHY[least]}."
                )


_WHY = {
    1: "one in every split",
    2: "one to train on, one for the split that is missing",
    3: "one to train on, one to validate, one to test",
}


def _class_name(path: str) -> str:
    return unicodedata.normalize("NFC", path.rpartition("/")[2])


def _folder_of(paths: Iterable[str], name: str) -> list[str]:
    return [path for path in paths if _class_name(path) == name]
