"""Faults planted all over every template, each mended with one click."""

import pytest

from explorer.catalog import templates
from tests.planted import check_mended, planted

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("name", templates.names())
def test_every_fault_is_mended_with_one_click(name):
    for fault in planted(name, 10, seed=1):
        check_mended(fault)
