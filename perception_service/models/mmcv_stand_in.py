"""Lets mmdet and mmdet3d import on top of mmcv-lite, which comes without compiled operations, and quickly."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn, cast

_EXTENSION = "mmcv._ext"


class _MissingOperations(ModuleType):
    """Stands where mmcv's compiled operations would be; each of them raises when it is called, not when it is named."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_arguments: object, **_options: object) -> NoReturn:
            raise NotImplementedError(f"mmcv operation {name!r} needs mmcv with compiled operations")

        return missing


def install_mmcv_stand_in() -> bool:
    """Puts the stand-in in place, unless mmcv has its compiled operations. Call it before mmdet or mmdet3d is imported.

    Returns:
        Whether the stand-in is in place.
    """
    if isinstance(sys.modules.get(_EXTENSION), _MissingOperations):
        return True
    if _EXTENSION in sys.modules or importlib.util.find_spec(_EXTENSION) is not None:
        return False
    sys.modules[_EXTENSION] = _MissingOperations(_EXTENSION)
    return True


def import_mmdet_without_transformers() -> None:
    """Imports mmdet (and mmengine with it) while transformers looks absent; mmcv's operations must be in place.

    Where transformers is installed, both import all of it for one optimiser and some language models that nothing here
    uses, and that takes longer than they do themselves. Afterwards transformers can be imported as ever.
    """
    if "transformers" in sys.modules or "mmdet.models" in sys.modules:
        return
    sys.modules["transformers"] = cast(ModuleType, None)
    try:
        importlib.import_module("mmdet.models")
    finally:
        del sys.modules["transformers"]
