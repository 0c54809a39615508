"""What the defaults promise: a whole epoch on all 60,000 pictures."""

import pytest

from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine.training_session import TrainingSession
from explorer.graph import file
from explorer.protocol.messages import Train, Validated
from explorer.runs.recipe import Recipe

pytestmark = pytest.mark.campaign


def test_the_first_epoch_of_the_defaults_reaches_85_percent():
    graph = templates.build("cifar_resnet8", FASHION_MNIST.input, len(FASHION_MNIST.classes))
    recipe = Recipe(mode="float32 channels-last")
    heard = []
    session = TrainingSession(
        Train(graph=file.to_dict(graph), device="cpu", recipe=recipe), heard.append
    )
    while not any(isinstance(each, Validated) for each in heard):
        session.advance()
    assert heard[-1].epoch == 1 and heard[-1].accuracy >= 0.85
