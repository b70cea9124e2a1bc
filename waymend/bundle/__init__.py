"""The bundle: one directory, with a manifest, that both services load."""

from waymend.bundle.contract import Contract, ModalityContract
from waymend.bundle.manifest import BaseModelReference, Manifest
from waymend.bundle.opening import Bundle, BundleError, Half, file_digest, open_bundle
from waymend.bundle.writing import write_manifest

__all__ = [
    "BaseModelReference",
    "Bundle",
    "BundleError",
    "Contract",
    "Half",
    "Manifest",
    "ModalityContract",
    "file_digest",
    "open_bundle",
    "write_manifest",
]
