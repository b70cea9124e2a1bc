import json

import pytest

from perception_service.models.config import PerceptionConfig
from perception_service.models.presets import PRESET_NAMES, preset


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_a_configuration_is_written_as_it_was_read(name):
    config = PerceptionConfig.parse(preset(name))
    assert config.document() == preset(name)
    assert PerceptionConfig.parse(json.loads(json.dumps(config.document()))) == config
