"""The network that runs: built from its source, with weights drawn or kept and statistics
calibrated."""

import linecache
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis import report as analysis
from explorer.analysis import source
from explorer.analysis.class_name import class_name
from explorer.analysis.layer import Layer
from explorer.analysis.problem import problems
from explorer.catalog.datasets import DataSet
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import Preprocess, imagenet, of_graph
from explorer.engine.checkpoint import preprocess_of
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError
from explorer.engine.photos import Photos
from explorer.graph.graph import Graph
from explorer.text import _, ngettext

_CALIBRATION_IMAGES, _CALIBRATION_MACS = 64, 4_000_000_000


@dataclass
class Model:
    """A network on a device, with its analysis.

    text: the source that runs. drawn: the names of the tensors of the state dict that were drawn
    anew. stated: how pictures are preprocessed, None where neither the network nor its weights nor its
    data set state it. weighted: the paths of the layers with a learned weight.
    """

    graph: Graph
    report: analysis.Report
    text: str
    net: nn.Module
    device: torch.device
    drawn: frozenset[str]
    stated: Preprocess | None = None
    weighted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        learned = dict(self.net.named_parameters())
        self.weighted = [
            layer.path
            for layer in self.report.layers()
            if f"{layer.path}.weight" in learned or layer.path in learned
        ]

    @property
    def weights(self) -> list[nn.Parameter]:
        """The weight of each layer in `weighted`, in order of execution."""
        learned = dict(self.net.named_parameters())  # a LayerScale is a parameter itself
        return [
            learned[path] if path in learned else learned[f"{path}.weight"]
            for path in self.weighted
        ]

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are preprocessed, as for ImageNet where nothing is stated."""
        return (self.stated or imagenet()).fitted(self.graph.input)

    @property
    def kept(self) -> int:
        """How many tensors of the state dict came from the model before or from a file."""
        return len(self.net.state_dict()) - len(self.drawn)

    @property
    def params(self) -> int:
        """Number of parameters."""
        return sum(weight.numel() for weight in self.net.parameters())


def build(
    graph: Graph,
    device: torch.device,
    seed: int = 0,
    data: DataSet | None = None,
    keep: Sequence[Mapping[str, Tensor]] = (),
    about: Mapping[str, Any] = MappingProxyType({}),
) -> Model:
    """The network of `graph` on `device`, its weights drawn from `seed`.

    A tensor whose key and shape are those of one in the state dicts `keep` is copied from the first
    that has it. about: the description of the file of its weights. Raises EngineError with one
    sentence if the graph has problems, or does not fit `data`.
    """
    report = analysis.analyse(graph, data)
    if not report.ok:
        raise EngineError(_refusal(report))
    if data is not None and (graph.input != data.input or report.output != (len(data.classes),)):
        raise EngineError(
            _(
                "The network turns {input} into {output}, but {title} needs one that turns {wanted} "
                "into {classes}."
            ).format(
                input=text_of(graph.input),
                output=text_of(report.output) if report.output else _("nothing"),
                title=data.title,
                wanted=text_of(data.input),
                classes=len(data.classes),
            )
        )
    text = source.source(analysis.analyse(graph)).text  # the same, whatever it learns from
    with torch.random.fork_rng(devices=[]):  # a run in progress draws from this generator too
        torch.default_generator.manual_seed(seed)
        net = _instantiate(text, class_name(graph))
        _draw(net)
    drawn = _keep(net, keep)
    stated = of_graph(graph) or preprocess_of(about) or (data.preprocess if data else None)
    return Model(graph, report, text, net.to(device), device, drawn, stated)


def calibrate(model: Model, pictures: Pictures | Photos, before: Model | None = None) -> None:
    """Sets the running statistics of the BatchNorms whose input means something else than in the model
    `before`, from which weights were kept, to those of a small batch of pictures.

    A new BatchNorm has mean 0 and variance 1, which fit no layer: in eval mode, as the probe runs,
    the maps of an untrained network would grow or vanish with depth, unlike those of training. The
    same holds below a layer that was drawn anew, set otherwise or rewired. One forward pass with
    only these BatchNorms in training mode corrects this; dropout stays off, so no random number is
    drawn.
    """
    modules, stale = dict(model.net.named_modules()), _changed(model, before)
    norms = [each for path in stale if isinstance(each := modules.get(path), nn.BatchNorm2d)]
    if not norms:
        return
    count = max(8, min(_CALIBRATION_IMAGES, _CALIBRATION_MACS // max(1, model.report.macs)))
    momenta = [(norm, norm.momentum) for norm in norms]
    model.net.eval()
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average, here of one batch
            norm.train()
        with torch.no_grad():
            model.net(pictures.some(count, model.preprocess))
    finally:
        for norm, momentum in momenta:
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.zero_()
        model.net.eval()


def _changed(model: Model, before: Model | None) -> set[str]:
    """The paths of the layers that were drawn anew, that `before` has not or has with other parameters
    or sources, and of all below one of them."""
    drawn = {name.rpartition(".")[0] for name in model.drawn} | model.drawn
    former = {layer.path: _meaning(layer) for layer in before.report.layers()} if before else {}
    changed: set[str] = set()
    for layer in model.report.layers():
        same = before is None or former.get(layer.path) == _meaning(layer)
        if layer.path in drawn or not same or not changed.isdisjoint(layer.sources):
            changed.add(layer.path)
    return changed


def _meaning(layer: Layer) -> tuple[object, ...]:
    return layer.kind, layer.settings, layer.ins, layer.sources


def gives_probabilities(report: analysis.Report) -> bool:
    """Whether the network ends in a softmax, so that its outputs are probabilities already."""
    last = report.outputs["output"]
    return any(layer.path == last and layer.facts.kind.probabilities for layer in report.layers())


def _refusal(report: analysis.Report) -> str:
    first, *more = problems(report)
    if not more:
        return _("The network cannot run: {message}").format(message=first.message)
    return ngettext(
        "The network cannot run: {message} (and {count} more problem)",
        "The network cannot run: {message} (and {count} more problems)",
        len(more),
    ).format(message=first.message, count=len(more))


def _instantiate(text: str, name: str) -> nn.Module:
    """The module that the source defines, which holds only identifiers, numbers and known choices."""
    file = f"<source of {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # for tracebacks
    namespace: dict[str, Any] = {"__name__": "network"}
    exec(compile(text, file, "exec"), namespace)
    net: nn.Module = namespace[name]()
    return net


def _draw(net: nn.Module) -> None:
    """He initialisation of convolutions, normal with fan-out, as torchvision's ResNets have it.

    He et al. 2015 (arXiv 1502.01852) section 2.2, equation 14. A transposed one by equation 10: a
    number of its output is a sum of input channels × kernel / stride² products. All else as PyTorch
    draws it.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.ConvTranspose2d):
            channels = module.in_channels // module.groups
            terms = channels * math.prod(module.kernel_size) / math.prod(module.stride)
            nn.init.normal_(module.weight, std=math.sqrt(2 / terms))
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _keep(net: nn.Module, sources: Sequence[Mapping[str, Tensor]]) -> frozenset[str]:
    """Copies the tensors that fit; the names of those for which there was none."""
    drawn = set()
    with torch.no_grad():
        for key, tensor in net.state_dict().items():
            for source in sources:
                old = source.get(key)
                if old is not None and old.shape == tensor.shape:
                    tensor.copy_(old)
                    break
            else:
                drawn.add(key)
    return frozenset(drawn)
