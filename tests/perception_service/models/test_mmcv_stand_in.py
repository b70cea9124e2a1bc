import subprocess
import sys

import pytest

from perception_service.models.mmcv_stand_in import install_mmcv_stand_in


def test_operations_can_be_named_but_say_what_they_need_when_called():
    if not install_mmcv_stand_in():
        pytest.skip("mmcv has its compiled operations")
    import mmcv.ops

    with pytest.raises(NotImplementedError, match="compiled operations"):
        mmcv.ops.nms_rotated.__globals__["ext_module"].nms_rotated()


def test_importing_the_model_does_not_pull_in_transformers_and_leaves_it_importable():
    code = (
        "import sys, perception_service.models.perception_model;"
        "assert 'transformers' not in sys.modules, 'transformers was imported';"
        "import transformers"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
