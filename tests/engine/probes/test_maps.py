"""Maps become one picture: strongest first, each with its own scale, one transfer."""

from types import SimpleNamespace

import numpy as np
import torch

from explorer.engine.probes.maps import MOST, compose, described
from explorer.engine.probes.passes import fetch


def composed(value):
    figures, arrays = described(tuple(value.shape[1:]), fetch(compose(value)))
    return SimpleNamespace(**figures, **arrays)


def test_tiles_are_the_maps_strongest_first():
    value = torch.zeros(1, 5, 3, 2)
    value[0, 0] = torch.tensor([[0, 1], [2, 3], [4, 5]])
    value[0, 3] = torch.tensor([[-9, -9], [-9, -9], [-9, 0.0]])
    found = composed(value)
    assert found.order.tolist() == [3, 0, 1, 2, 4]
    assert (found.tile, found.columns, found.count) == ([3, 2], 3, 5)
    assert found.mosaic.shape == (2 * 3 + 1, 3 * 2 + 2)
    np.testing.assert_array_equal(found.mosaic[:3, :2], [[0, 0], [0, 0], [0, 255]])
    np.testing.assert_array_equal(found.mosaic[:3, 3:5], [[0, 51], [102, 153], [204, 255]])
    assert not found.mosaic[3].any() and not found.mosaic[:, 2].any() and not found.mosaic[4:].any()
    assert (found.low, found.high) == (-9, 5)
    assert np.isclose(found.mean, (15 - 45) / 30) and np.isclose(found.zeros, 20 / 30)


def test_at_most_64_maps_are_shown():
    found = composed(torch.arange(100.0).reshape(1, 100, 1, 1).expand(1, 100, 4, 4))
    assert found.order.tolist() == list(range(99, 99 - MOST, -1))
    assert found.mosaic.shape == (39, 39)


def test_a_vector_is_one_row_in_its_own_order_and_scale():
    found = composed(torch.tensor([[0.0, -2.0, 2.0, 1.0]]))
    assert (found.shape, found.tile, found.columns) == ([4], [1, 1], 4)
    assert found.order.tolist() == [0, 1, 2, 3]
    assert found.values.tolist() == [0, -2, 2, 1]
    assert found.mosaic.tolist() == [[128, 0, 0, 0, 255, 0, 191]]


def test_numbers_that_are_none_do_not_spoil_the_others():
    value = torch.ones(1, 2, 2, 2)
    value[0, 0, 0, 0] = float("nan")
    value[0, 1, 0, 0] = float("inf")
    found = composed(value)
    assert found.mosaic.dtype == np.uint8 and found.high != found.high
