"""Exported files, in one interpreter that knows nothing of this program: each computes what the
engine's model computes, bit for bit. One network of each family, and of each form of block that the
family's first has not; the campaign does all."""

import pytest

from explorer.catalog import templates
from tests import exports

FIRST = {templates.template(name).family: name for name in reversed(templates.names())}
NAMES = [
    *FIRST.values(),
    "cifar_preact_resnet110",
    "cifar_resnet20_a",
    "inception_v3",
    "mobilenet_v3_small",
    "efficientnet_v2_s",
    "regnet_y_400mf",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where they were loaded, and what they computed lies."""
    folder = tmp_path_factory.mktemp("exports")
    exports.run_alone(NAMES, folder)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_it_computes_what_the_engine_computes(name, folder):
    exports.compare(name, folder)
