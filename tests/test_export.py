"""Exported files, in one interpreter that knows nothing of this program: each computes what the
engine's model computes, bit for bit. One network of each family, and of each form of block that the
family's first has not; the campaign does all."""

import pytest

from explorer.app.template_family import families
from tests import exports

NAMES = [members[0] for _family, members in families()] + [
    "cifar_resnet20_a",
    "resnet50",
    "cifar_preact_resnet164",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "efficientnet_v2_s",
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
