"""What the defaults promise: a whole epoch on all 60,000 pictures."""

import pytest

from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine.training import TrainingRun
from explorer.engine.training_driver import prepare
from explorer.runs.recipe import Recipe

pytestmark = pytest.mark.campaign


def test_the_first_epoch_of_the_defaults_reaches_85_percent():
    graph = templates.build("cifar_resnet8", FASHION_MNIST.input, len(FASHION_MNIST.classes))
    recipe = Recipe(mode="float32 channels-last")
    run = TrainingRun(*prepare(graph, "fashion-mnist", "cpu", recipe), recipe)
    score = None
    while score is None:
        score = run.advance()
        run.fetch()
    assert score.epoch == 1 and run.epoch == 1
    assert score.score.accuracy >= 0.85
