"""Every layer of every template, however deep, in a forward pass of the whole network."""

import pytest

from explorer.analysis.report import analyse
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("name", templates.names())
@pytest.mark.parametrize("fit", [False, True], ids=["paper", "fashion"])
def test_a_forward_pass_gives_every_layer_its_shapes(name, fit, compare_shapes):
    graph = templates.build(name, FASHION_MNIST.input, 10) if fit else templates.build(name)
    compare_shapes(analyse(graph))
