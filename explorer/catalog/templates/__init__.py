"""Networks of the literature to start from: one declaration each, a family a file."""

from explorer.catalog.templates import (  # noqa: F401  (they declare their networks, in this order)
    alexnet,
    cifar,
    convnext,
    densenet,
    efficientnet,
    inception,
    lenet,
    mobilenet,
    regnet,
    resnet,
    shufflenet,
    squeezenet,
    vgg,
)
from explorer.catalog.templates.template import (
    CIFAR,
    DIGITS,
    IMAGENET,
    Template,
    build,
    names,
    template,
)

__all__ = ["CIFAR", "DIGITS", "IMAGENET", "Template", "build", "names", "template"]
