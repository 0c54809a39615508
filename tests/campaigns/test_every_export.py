"""Every template's export in an interpreter of its own: it prints what the analysis says, and
computes what the engine's model computes, bit for bit."""

import pytest

from explorer.catalog import templates
from tests import exports

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("name", templates.names())
def test_it_computes_what_the_engine_computes(name, tmp_path):
    exports.run_alone([name], tmp_path, "cpu")
    exports.compare(name, tmp_path)
