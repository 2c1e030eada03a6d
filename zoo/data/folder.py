"""A data set from a folder of photos with one subfolder per class."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from zoo.data.dataset import SPLITS
from zoo.data.decoding import Decoded
from zoo.data.duplicates import group_duplicates
from zoo.data.listing import SPLIT_NAMES, Listing
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.splits import split_by_fractions
from zoo.errors import ZooError
from zoo.utils.text import check_label, printable

# In the order in which photos are assigned.
FRACTIONS = {"test": 0.2, "validation": 0.1}
# Increase this when the splitting rule changes: cached photos are stored by split.
_RULE = 2
_EXAMPLE = "such as cat/1.jpg and dog/1.jpg"


class PhotoFolder:
    """The photos under FOLDER/CLASS/, for instance FOLDER/cat/1.jpg; a class may have subfolders.

    Classes are the names of the subfolders, sorted. Of every class, 20 % of the photos are test
    data and 10 % validation data, at least one each, chosen by a hash of the path inside FOLDER.
    Duplicates (equal pixels) are assigned to the same split.

    If FOLDER contains train/CLASS/ and test/CLASS/, validation/CLASS/ or both (also named training,
    testing, val, valid), these are the splits; a missing split is taken from train in the same way.

    Names that begin with a dot are ignored; other files that are not photos are counted in `notes`.

    Args:
        data_dir: FOLDER.
        name: of the data set.

    Raises:
        ZooError: if there is no such folder, it cannot be read, it is ambiguous whether its
            subfolders are classes or splits, or a class is missing.
    """

    def __init__(self, data_dir: str | Path | None, name: str = "photos"):
        self.name = name
        if data_dir is None:
            raise ZooError(
                "The data set 'photos' needs a folder with one subfolder of photos per class; "
                "give it as data_dir, or as --data-dir on the command line."
            )
        self._folder = Path(data_dir).expanduser()
        self._printable_folder = printable(self._folder)
        try:
            if not self._folder.is_dir():
                raise ZooError(
                    f"There is no folder {self._printable_folder}; "
                    f"give one with a subfolder of photos per class, {_EXAMPLE}."
                )
            self._listing = Listing(self._folder)
        except OSError as error:
            refused = printable(error.filename or self._folder)
            raise ZooError(
                f"{refused} cannot be read ({error.strerror}); give a folder that you have "
                "permission to read."
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
        """Number of photo files."""
        return len(self._photos)

    @property
    def encoded_bytes(self) -> int:
        """Size of the photo files."""
        return sum((self._folder / path).stat().st_size for path, _, _ in self._photos)

    @property
    def place(self) -> str:
        """The folder itself."""
        return str(self._folder.resolve())

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how the splits were determined, and on ignored files."""
        notes = []
        if self._given:
            missing = " and ".join(split for split in SPLITS if split not in self._given)
            carved = f"; {missing} is taken out of train" if missing else ""
            folders = ", ".join(sorted(printable(name) for name in self._split_names.values()))
            notes.append(f"The folders {folders} are used as splits{carved}.")
        ignored = self._listing.ignored_files()
        return (*notes, ignored) if ignored else tuple(notes)

    def key(self) -> str:
        """Return a hash of the files' names, sizes and modification times, and the classes."""
        files = [self._folder / path for path, _, _ in self._photos]
        return f"{_RULE} {files_key(self._folder, files)}"

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the files; one that cannot be opened has empty content."""
        for path, label, split in self._photos:
            # File systems differ in the Unicode form of names; the split must not depend on it.
            name = unicodedata.normalize("NFC", path.as_posix())
            try:
                encoded = (self._folder / path).read_bytes()
            except OSError:
                encoded = b""
            yield EncodedPhoto(name, label, split, encoded)

    @property
    def found(self) -> tuple[str, ...]:
        """Empty: there is nothing more to tell."""
        return ()

    def finalise_splits(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the split of every photo; every split has photos of every class.

        Raises:
            ZooError: if a class has too few readable photos.
        """
        split_of = {photo.name: photo.split for photo in photos}
        fractions = {split: part for split, part in FRACTIONS.items() if split not in self._given}
        for split in self._class_folders:
            of_split = [photo for photo in photos if photo.split == split]
            least = len(fractions) + 1 if split in ("", "train") else 1
            self._require(split, Counter(photo.label for photo in of_split), least, "readable ")
        whole = [photo for photo in photos if photo.split in ("", "train")]
        # Duplicates under two labels count as one photo of the first label.
        groups = group_duplicates(whole)
        split = "train" if self._given else ""
        self._require(
            split,
            Counter(group[0].label for group in groups),
            len(fractions) + 1,
            "different readable ",
        )
        for label in range(len(self.labels)):
            names = [[photo.name for photo in group] for group in groups if group[0].label == label]
            split_of.update(split_by_fractions(names, fractions))
        return split_of

    def _split_folders(self) -> dict[str, list[str]] | None:
        """Return split → its class folders, or None if the subfolders are the classes."""
        names = self._listing.folders(Path())
        found = [name for name in names if name.lower() in SPLIT_NAMES]
        self._split_names = {SPLIT_NAMES[name.lower()]: name for name in found}
        if len(found) < 2:
            nested = [name for name in names if self._holds_splits(Path(name))]
            if nested:
                self._refuse(
                    f"has split folders inside a class folder, {printable(nested[0])}; "
                    "put the classes into train and test, such as train/cat and test/cat"
                )
            if found and len(names) == 1:
                self._refuse(
                    f"has only one subfolder, {printable(found[0])}; give that folder, to have it "
                    "split, or put test beside it"
                )
            return None
        for name in found:
            if self._listing.direct_photos(Path(name)) or not self._listing.folders(Path(name)):
                self._refuse(
                    f"has subfolders {printable(' and '.join(found))}, but {printable(name)} has "
                    "photos of its own or no class folders, so that it may be a split or a class; "
                    f"put its photos into {printable(name)}/CLASS, or rename the class"
                )
        others = [name for name in names if name not in found]
        if others:
            self._refuse(
                f"has subfolders {printable(' and '.join(found))}, which are used as splits, and "
                f"{printable(others[0])}, which is not a split; move it elsewhere"
            )
        if len(self._split_names) < len(found):
            self._refuse(f"has two folders for one split ({printable(', '.join(found))}); keep one")
        if "train" not in self._split_names:
            self._refuse(
                f"has subfolders {printable(' and '.join(found))}, but no train; name one train"
            )
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
            check_label(name, f"The folder {self._printable_folder}")
        if len(set(names)) < len(names):
            self._refuse(
                "has two class folders whose names differ only in their Unicode form; rename one"
            )
        for split, found in of_split.items():
            differing = sorted(set(found) ^ set(names))[:1]
            for name in differing:
                has, lacks = ("train", split) if name in names else (split, "train")
                self._refuse(
                    f"has the class {printable(name)} in {self._split_names[has]} but not in "
                    f"{self._split_names[lacks]}; give every split the same classes"
                )
        if len(names) < 2:
            self._refuse(
                f"has {len(names)} class folder{'s' * (len(names) != 1)}, "
                f"but at least 2 are needed, {_EXAMPLE}"
            )
        return tuple(names)

    def _refuse(self, problem: str) -> None:
        raise ZooError(f"{self._printable_folder} {problem}.")

    def _require_photos(self) -> None:
        for split in self._class_folders:
            carved = len(FRACTIONS) - len(self._given - {"train"}) if split in ("", "train") else 0
            counts = Counter(label for _, label, of in self._photos if of == split)
            self._require(split, counts, carved + 1)

    def _require(self, split: str, photos: Mapping[int, int], least: int, which: str = "") -> None:
        for label, name in enumerate(self.labels):
            count = photos.get(label, 0)
            if count < least:
                (folder,) = _folder_of(self._class_folders[split], name)
                raise ZooError(
                    f"{printable(self._folder / folder)} has {count or 'no'} {which}"
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
