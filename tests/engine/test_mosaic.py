"""Maps become one picture: strongest first, each with its own scale, one transfer."""

import numpy as np
import torch

from explorer.engine.mosaic import MOST, compose

NONE = torch.empty(0)


def test_tiles_are_the_maps_strongest_first():
    value = torch.zeros(1, 5, 3, 2)
    value[0, 0] = torch.tensor([[0, 1], [2, 3], [4, 5]])
    value[0, 3] = torch.tensor([[-9, -9], [-9, -9], [-9, 0.0]])
    found = compose(value, torch.tensor([1.5, -2.0]))
    assert found.order.tolist() == [3, 0, 1, 2, 4]
    assert (found.tile, found.columns, found.count) == ((3, 2), 3, 5)
    assert found.pixels.shape == (2 * 3 + 1, 3 * 2 + 2)
    np.testing.assert_array_equal(found.pixels[:3, :2], [[0, 0], [0, 0], [0, 255]])
    np.testing.assert_array_equal(found.pixels[:3, 3:5], [[0, 51], [102, 153], [204, 255]])
    assert not found.pixels[3].any() and not found.pixels[:, 2].any() and not found.pixels[4:].any()
    assert (found.low, found.high) == (-9, 5)
    assert np.isclose(found.mean, (15 - 45) / 30) and np.isclose(found.zeros, 20 / 30)
    assert found.extra.tolist() == [1.5, -2]


def test_at_most_64_maps_are_shown():
    found = compose(torch.arange(100.0).reshape(1, 100, 1, 1).expand(1, 100, 4, 4), NONE)
    assert found.order.tolist() == list(range(99, 99 - MOST, -1))
    assert found.pixels.shape == (39, 39)


def test_a_vector_is_one_row_in_its_own_order_and_scale():
    found = compose(torch.tensor([[0.0, -2.0, 2.0, 1.0]]), NONE)
    assert (found.shape, found.tile, found.columns) == ((4,), (1, 1), 4)
    assert found.order.tolist() == [0, 1, 2, 3]
    assert found.pixels.tolist() == [[128, 0, 0, 0, 255, 0, 191]]


def test_numbers_that_are_none_do_not_spoil_the_others():
    value = torch.ones(1, 2, 2, 2)
    value[0, 0, 0, 0] = float("nan")
    value[0, 1, 0, 0] = float("inf")
    found = compose(value, NONE)
    assert found.pixels.dtype == np.uint8 and found.high != found.high
