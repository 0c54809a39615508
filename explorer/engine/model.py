"""The network that runs: its source executed, its weights drawn or kept, its statistics
calibrated."""

import linecache
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis import report as analysis
from explorer.analysis import source
from explorer.analysis.class_name import class_name
from explorer.analysis.problem import problems
from explorer.catalog.datasets import DataSet
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError
from explorer.engine.photos import Photos
from explorer.graph.graph import Graph
from explorer.text import _

_CALIBRATION_IMAGES, _CALIBRATION_MACS = 64, 4_000_000_000


@dataclass
class Model:
    """A network on a device, with what is known of it.

    text: the source that runs. kept: how many tensors of the state dict came from the model before
    or from a file. drawn: the names of those that were drawn anew. weighted: the paths of the
    layers with a learned weight.
    """

    graph: Graph
    report: analysis.Report
    text: str
    net: nn.Module
    device: torch.device
    kept: int = 0
    drawn: frozenset[str] = frozenset()
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
    def fresh(self) -> int:
        """How many tensors of the state dict were drawn anew."""
        return len(self.drawn)

    @property
    def params(self) -> int:
        return sum(weight.numel() for weight in self.net.parameters())


def build(
    graph: Graph,
    device: torch.device,
    seed: int = 0,
    data: DataSet | None = None,
    keep: Sequence[Mapping[str, Tensor]] = (),
) -> Model:
    """The network of `graph` on `device`, its weights drawn from `seed`.

    Every tensor of the state dicts `keep` whose key and shape are unchanged is copied, from the
    first that has it. Raises EngineError with one sentence if the graph has problems, or does not
    fit `data`.
    """
    report = analysis.analyse(graph, data)
    if not report.ok:
        raise EngineError(_refusal(report))
    if data is not None and (graph.input != data.input or report.output != (len(data.classes),)):
        raise EngineError(
            _(
                "The network turns {input} into {output}, but {title} needs {wanted} into "
                "{classes}."
            ).format(
                input=_shape(graph.input),
                output=_shape(report.output),
                title=data.title,
                wanted=_shape(data.input),
                classes=len(data.classes),
            )
        )
    text = source.source(report).text
    with torch.random.fork_rng(devices=[]):  # a run that goes on meanwhile draws from it too
        torch.default_generator.manual_seed(seed)
        net = _instantiate(text, class_name(graph))
        _draw(net)
    drawn = _keep(net, keep)
    model = Model(graph, report, text, net.to(device), device)
    model.kept, model.drawn = len(net.state_dict()) - len(drawn), drawn
    return model


def calibrate(model: Model, pictures: Pictures | Photos) -> None:
    """Sets the running statistics of the BatchNorms to those of a small batch of pictures, from the
    first layer on that was drawn anew.

    A fresh BatchNorm says mean 0, variance 1, which is true of no layer: in eval mode, as the probe
    runs, the maps of an untrained network would grow or fade with its depth, and show nothing of
    what training will see. The same holds below a layer that was drawn anew. One forward pass with
    only the BatchNorms in training mode mends it; dropout stays off, so no random number is drawn.
    """
    norms = _unsettled(model)
    if not norms:
        return
    count = max(8, min(_CALIBRATION_IMAGES, _CALIBRATION_MACS // max(1, model.report.macs)))
    before = [(norm, norm.momentum) for norm in norms]
    model.net.eval()
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average, here of one batch
            norm.train()
        with torch.no_grad():
            model.net(pictures.some(count, model.graph.input))
    finally:
        for norm, momentum in before:
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.zero_()
        model.net.eval()


def _unsettled(model: Model) -> list[nn.BatchNorm2d]:
    """The BatchNorms that are not computed before the first layer that was drawn anew."""
    modules = dict(model.net.named_modules())
    before, drawn = set(), {name.rpartition(".")[0] for name in model.drawn} | model.drawn
    for layer in model.report.layers():
        if layer.path in drawn:
            break
        before.add(layer.path)
    return [
        module
        for path, module in modules.items()
        if isinstance(module, nn.BatchNorm2d) and path not in before
    ]


def gives_chances(report: analysis.Report) -> bool:
    """The network ends in a softmax, so what it gives are probabilities already."""
    last = report.outputs["output"]
    return any(layer.path == last and layer.facts.kind.probabilities for layer in report.layers())


def _refusal(report: analysis.Report) -> str:
    found = problems(report)
    if not found:
        return _("The network has problems and cannot run.")
    message = found[0].message
    if len(found) == 1:
        return _("The network cannot run: {message}").format(message=message)
    return _("The network cannot run: {message} (and {count} more)").format(
        message=message, count=len(found) - 1
    )


def _shape(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else _("nothing")


def _instantiate(text: str, name: str) -> nn.Module:
    """Runs the source. It is ours: only identifiers, numbers and choices of ours can be in it."""
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
    """Copies what fits; the names of the tensors for which nothing did."""
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
