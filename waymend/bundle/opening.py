"""Opening a bundle: every file is there, none is extra, none was altered."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from waymend.bundle.manifest import FileEntry, Manifest

MANIFEST_FILE = "manifest.json"
Half = Literal["perception", "llm"]
_BLOCK_BYTES = 1 << 20


class BundleError(Exception):
    """A bundle cannot be trusted; the message names the file, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files agree with its manifest.

    Attributes:
        manifest_sha256: Of `manifest.json`, which lists the digests of all other files: it stands for the bundle.
    """

    directory: Path
    manifest: Manifest
    manifest_sha256: str

    @property
    def perception_directory(self) -> Path:
        return self.directory / "perception"

    @property
    def llm_directory(self) -> Path:
        return self.directory / "llm"


def open_bundle(directory: Path, halves: Collection[Half] = ("perception", "llm")) -> Bundle:
    """Reads the manifest and checks the files.

    Names and sizes of all files are checked, and the digests of everything but the halves that the caller does not
    load (a service need not read the other's gigabytes).

    Raises:
        BundleError: No bundle, a broken manifest, or a missing, extra or altered file.
    """
    manifest, manifest_sha256 = _read_manifest(directory), file_digest(directory / MANIFEST_FILE)
    _check_names(directory, set(manifest.files))
    skipped = tuple(f"{half}/" for half in ("perception", "llm") if half not in halves)
    for path, entry in manifest.files.items():
        _check_file(directory, path, entry, digest=not path.startswith(skipped))
    return Bundle(directory, manifest, manifest_sha256)


def bundle_files(directory: Path) -> set[str]:
    """Paths of all files of a bundle but its manifest, relative to it."""
    paths = (path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir())
    return {path for path in paths if path != MANIFEST_FILE}


def file_entry(path: Path) -> FileEntry:
    """Digest and size of a file."""
    return FileEntry(sha256=file_digest(path), bytes=path.stat().st_size)


def _read_manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST_FILE
    if not path.is_file():
        raise BundleError(f"{path}: expected a bundle's manifest, found no such file")
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "manifest"
        raise BundleError(f"{path}: {where}: {first['msg']}") from None


def _check_names(directory: Path, expected: set[str]) -> None:
    found = bundle_files(directory)
    if missing := sorted(expected - found):
        raise BundleError(f"{directory}: missing files that the manifest lists: {', '.join(missing)}")
    if extra := sorted(found - expected):
        raise BundleError(f"{directory}: extra files that the manifest does not list: {', '.join(extra)}")


def _check_file(directory: Path, path: str, entry: FileEntry, digest: bool) -> None:
    size = (directory / path).stat().st_size
    if size != entry.bytes:
        raise BundleError(f"{directory / path}: altered: expected {entry.bytes} bytes, found {size}")
    if digest and (found := file_digest(directory / path)) != entry.sha256:
        raise BundleError(f"{directory / path}: altered: expected SHA-256 {entry.sha256}, found {found}")


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
