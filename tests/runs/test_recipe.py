"""The figures of training, and the learning rate that follows from them."""

import pytest

from explorer.runs.recipe import Recipe, RecipeError


def test_a_request_names_what_it_wants_to_differ():
    assert Recipe.of({"do": "train", "epochs": 3, "seed": None}) == Recipe(epochs=3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"batch_size": "128"},
        {"learning_rate": -1.0},
        {"learning_rate": float("nan")},
        {"weight_decay": 2},
        {"seed": -1},
        {"limit": 0},
        {"mode": "fast"},
    ],
)
def test_figures_out_of_range_are_refused(wrong):
    with pytest.raises(RecipeError, match=r"allowed|must be"):
        Recipe.of(wrong)


def test_the_rate_rises_once_and_rests_after_every_epoch():
    recipe = Recipe(epochs=3, learning_rate=0.4)
    rates = [recipe.rate(step, 100) for step in range(300)]
    assert rates[0] == pytest.approx(0.4 / 30) and max(rates) == rates[29] == pytest.approx(0.4)
    assert all(rates[end] < 0.001 for end in (99, 199, 299))
    assert rates[100] == pytest.approx(0.3) and rates[200] == pytest.approx(0.1)
    assert all(rate > 0 for rate in rates)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_rate_of_the_shortest_runs(steps):
    recipe = Recipe(epochs=1, learning_rate=0.4)
    assert all(0 < recipe.rate(step, steps) <= 0.4 for step in range(steps))


def test_without_batch_norm_the_rate_is_lower():
    assert Recipe().settled(False).learning_rate < Recipe().settled(True).learning_rate
    assert Recipe(learning_rate=0.5).settled(False).learning_rate == 0.5


def test_an_epoch_is_of_whole_batches():
    assert Recipe().steps_per_epoch(60_000) == 468
    assert Recipe(limit=100).steps_per_epoch(60_000) == 1
    assert Recipe(limit=10**6, batch_size=100).steps_per_epoch(60_000) == 600
