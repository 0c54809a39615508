"""Networks of the literature to start from: one declaration each, a family a file."""

from explorer.catalog.templates import (  # noqa: F401, I001  (they declare their networks, in this order)
    lenet,
    alexnet,
    vgg,
    resnet,
    cifar,
    squeezenet,
    inception,
    densenet,
    mobilenet,
    shufflenet,
    efficientnet,
    regnet,
    convnext,
)
from explorer.catalog.templates.template import (
    CIFAR,
    DIGITS,
    IMAGENET,
    Template,
    build,
    families,
    names,
    template,
)

__all__ = ["CIFAR", "DIGITS", "IMAGENET", "Template", "build", "families", "names", "template"]
