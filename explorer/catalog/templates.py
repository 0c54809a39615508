"""Networks of the literature to start from: one declaration each."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from explorer.catalog.inside import Inside
from explorer.graph.graph import Graph, Shape
from explorer.text import _

IMAGENET: Shape = (3, 224, 224)
CIFAR: Shape = (3, 32, 32)
DIGITS: Shape = (1, 28, 28)


@dataclass(frozen=True)
class Template:
    """A network by name. input, classes: those of the paper's data set.

    write: (number of classes, input shape) -> graph, still without name and input shape.
    """

    name: str
    doc: str
    input: Shape
    classes: int
    write: Callable[[int, Shape], Graph]


_TEMPLATES: dict[str, Template] = {}


def names() -> list[str]:
    """All templates' names, in the order of the catalogue."""
    return list(_TEMPLATES)


def template(name: str) -> Template:
    """The declaration of that name. Raises KeyError."""
    return _TEMPLATES[name]


def build(name: str, input: Shape | None = None, classes: int | None = None) -> Graph:
    """The network of that name, for pictures of the shape `input` and so many classes; those of
    its paper's data set where not given. Raises KeyError for an unknown name."""
    found = _TEMPLATES[name]
    shape = tuple(input or found.input)
    return replace(found.write(classes or found.classes, shape), name=name, input=shape)


def _declare(name, doc, input, classes, write) -> None:
    assert name not in _TEMPLATES, f"a second template called {name}"
    _TEMPLATES[name] = Template(name, doc, input, classes, write)


# ResNets for ImageNet (He et al. 2015, table 1) -----------------------------------------------

def _imagenet_resnet(block: str, depths: tuple[int, ...], shortcut: str):
    def write(classes: int, input: Shape) -> Graph:
        inside = Inside()
        inside.add("stem", "ImageNetStem")
        for number, depth in enumerate(depths):
            inside.add(f"layer{number + 1}", "Stage", block=block, depth=depth,
                       width=64 * 2**number, stride=1 if number == 0 else 2, shortcut=shortcut)
        inside.add("head", "ClassifierHead", classes=classes)
        return inside.graph()
    return write


for _count, _block, _depths in (
        (18, "BasicBlock", (2, 2, 2, 2)), (34, "BasicBlock", (3, 4, 6, 3)),
        (50, "Bottleneck", (3, 4, 6, 3)), (101, "Bottleneck", (3, 4, 23, 3)),
        (152, "Bottleneck", (3, 8, 36, 3))):
    _declare(f"resnet{_count}", _("Residual network of {count} layers (He et al. 2015, table 1)")
             .format(count=_count), IMAGENET, 1000,
             _imagenet_resnet(_block, _depths, "automatic"))
    if _count in (18, 34):
        _declare(f"plain{_count}", _("The same {count} layers without shortcuts: deeper is worse "
                                     "here (He et al. 2015, figure 4)").format(count=_count),
                 IMAGENET, 1000, _imagenet_resnet(_block, _depths, "none"))


# ResNets for CIFAR-10 (He et al. 2015, section 4.2): 6n + 2 layers, 16, 32, 64 channels --------

def _cifar_resnet(n: int, shortcut: str):
    def write(classes: int, input: Shape) -> Graph:
        inside = Inside()
        inside.add("stem", "CifarStem")
        for number, width in enumerate((16, 32, 64)):
            inside.add(f"layer{number + 1}", "Stage", block="BasicBlock", depth=n, width=width,
                       stride=1 if number == 0 else 2, shortcut=shortcut)
        inside.add("head", "ClassifierHead", classes=classes)
        return inside.graph()
    return write


for _count in (8, 20, 32, 44, 56, 110):
    _declare(f"cifar_resnet{_count}",
             _("Residual network of {count} layers for small pictures (He et al. 2015, section "
               "4.2, with 1×1 projections)").format(count=_count),
             CIFAR, 10, _cifar_resnet((_count - 2) // 6, "automatic"))
for _count in (20, 56):
    _declare(f"cifar_plain{_count}",
             _("{count} layers for small pictures without shortcuts (He et al. 2015, figure 6 "
               "left)").format(count=_count),
             CIFAR, 10, _cifar_resnet((_count - 2) // 6, "none"))


# VGG (Simonyan and Zisserman 2014, table 1, configuration D) ----------------------------------

_VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")


def _vgg(widths: tuple):
    def write(classes: int, input: Shape) -> Graph:
        features, side, number = Inside(), min(input[1:]), 0
        for width in widths:
            if width == "M":
                if side > 1:  # a picture too small for all poolings goes without the last ones
                    features.add(str(number), "MaxPool2d", kernel_size=2, stride=2)
                    number, side = number + 1, side // 2
                continue
            features.add(str(number), "Conv2d", out_channels=width, kernel_size=3, padding=1)
            features.add(str(number + 1), "ReLU")
            number += 2
        classifier = Inside()
        for number, width in enumerate((4096, 4096)):
            classifier.add(str(3 * number), "Linear", out_features=width)
            classifier.add(str(3 * number + 1), "ReLU")
            classifier.add(str(3 * number + 2), "Dropout", p=0.5)
        classifier.add("6", "Linear", out_features=classes)
        inside = Inside()
        inside.group("features", features)
        inside.add("avgpool", "AdaptiveAvgPool2d", output_size=7)
        inside.add("flatten", "Flatten")
        inside.group("classifier", classifier)
        return inside.graph()
    return write


_declare("vgg16", _("13 convolutions of 3×3 in five groups, three large linear layers (Simonyan and "
                    "Zisserman 2014, table 1, D)"), IMAGENET, 1000, _vgg(_VGG16))


# LeNet-5 (LeCun et al. 1998, figure 2), with ReLU and average pooling ---------------------------

def _lenet5(classes: int, input: Shape) -> Graph:
    inside = Inside()
    inside.add("conv1", "Conv2d", out_channels=6, kernel_size=5, padding=2)
    inside.add("relu1", "ReLU")
    inside.add("pool1", "AvgPool2d")
    inside.add("conv2", "Conv2d", out_channels=16, kernel_size=5)
    inside.add("relu2", "ReLU")
    inside.add("pool2", "AvgPool2d")
    inside.add("flatten", "Flatten")
    inside.add("fc1", "Linear", out_features=120)
    inside.add("relu3", "ReLU")
    inside.add("fc2", "Linear", out_features=84)
    inside.add("relu4", "ReLU")
    inside.add("fc3", "Linear", out_features=classes)
    return inside.graph()


_declare("lenet5", _("Two convolutions, two poolings, three linear layers for digits (LeCun et al. "
                     "1998, figure 2), with ReLU"), DIGITS, 10, _lenet5)
