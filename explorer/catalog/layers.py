"""The primitive kinds: PyTorch's own layers and the joins between branches.

Shapes are (channels, height, width) for maps and (features,) for vectors. The formulas of output
sizes are those of the PyTorch documentation of torch.nn.
"""

from explorer.catalog.kind import KINDS, PORTS, Argument, Call, Kind, Mismatch, Param, Weight
from explorer.graph.graph import Shape
from explorer.text import _


def text_of(shape: Shape) -> str:
    """A shape as a person reads it: 64×28×28."""
    return "×".join(map(str, shape))



def _map(shape: Shape, kind: str, intended: Shape | None = None) -> Shape:
    """The shape, if it is a map (channels, height, width)."""
    if len(shape) != 3:
        raise Mismatch("map", _("{{node}}: {kind} needs a map channels×height×width, but gets a "
                                "vector of {shape}").format(kind=kind, shape=text_of(shape)),
                       intended)
    return shape


def _slide(p, shape: Shape, channels: int, dilation: int = 1) -> Shape:
    """The shape after a window of kernel_size slides over both axes (torch.nn.Conv2d, "Shape")."""
    sides = shape[1:]
    reach = dilation * (p.kernel_size - 1) + 1
    most = min(sides) + 2 * p.padding
    if reach > most:
        padded = tuple(side + 2 * p.padding for side in sides)
        largest = (most - 1) // dilation + 1
        reason = (_("kernel_size {kernel}") if dilation == 1 else
                  _("kernel_size {kernel} with dilation {dilation} ({reach} pixels)")).format(
                      kernel=p.kernel_size, dilation=dilation, reach=reach)
        raise Mismatch(
            "kernel",
            _("{reason} is larger than the padded input {padded} of {{node}}; allowed: 1 to "
              "{largest}").format(reason=reason, padded=text_of(padded), largest=largest),
            (channels, *(-(-side // p.stride) for side in sides)),
            largest=largest, padding=-(-(reach - min(sides)) // 2))
    return (channels, *((side + 2 * p.padding - reach) // p.stride + 1 for side in sides))


KERNEL = Param("kernel_size", 3, _("Side of the square window that slides over the map."), 1, 255,
               unit="px")
STRIDE = Param("stride", 1, _("Step of the window; 2 halves height and width."), 1, 64, unit="px")
PADDING = Param("padding", 0, _("Zeros added on every side before the window slides."), 0, 127,
                unit="px")


# Convolution ----------------------------------------------------------------------------------

def _conv_shape(p, ins):
    shape = _map(ins[0], "Conv2d")
    for name in ("in", "out"):
        channels = shape[0] if name == "in" else p.out_channels
        if channels % p.groups:
            raise Mismatch(
                "groups",
                _("groups {groups} of {{node}} does not divide its {count} {which} channels; "
                  "allowed: {divisors}").format(
                      groups=p.groups, count=channels,
                      which=_("input") if name == "in" else _("output"),
                      divisors=_divisors(shape[0], p.out_channels)),
                _intended(p, shape),
                channels=(shape[0], p.out_channels))
    return _slide(p, shape, p.out_channels, p.dilation)


def _intended(p, shape: Shape) -> Shape:
    """The output if only the groups are wrong."""
    try:
        return _slide(p, shape, p.out_channels, p.dilation)
    except Mismatch as mismatch:
        return mismatch.intended


def _divisors(a: int, b: int) -> str:
    """The common divisors of a and b, as a list that stays short."""
    found = [n for n in range(1, min(a, b, 4096) + 1) if a % n == 0 and b % n == 0]
    if len(found) > 8:
        return ", ".join(map(str, found[:7])) + f" … {found[-1]}"
    return ", ".join(map(str, found))


def _conv_weights(p, ins):
    kernel = Weight("weight", (p.out_channels, ins[0][0] // p.groups, p.kernel_size,
                               p.kernel_size))
    return (kernel, Weight("bias", (p.out_channels,))) if p.bias else (kernel,)


def _conv_macs(p, ins, out):
    return (out[0] * out[1] * out[2] * (ins[0][0] // p.groups) * p.kernel_size * p.kernel_size)


def strided(p) -> str:
    """The stride as a label ends with it: ", s2"; nothing if it is 1."""
    return f", s{p.stride}" if p.stride != 1 else ""


KINDS.declare(Kind(
    "Conv2d", "convolution",
    _("Slides the same small kernels over the whole map: each output channel is one learned "
      "pattern, looked for everywhere (parameter sharing)."),
    params=(
        Param("out_channels", 64, _("Number of kernels, and so of feature maps that come out."),
              1, 65_536),
        KERNEL, STRIDE, PADDING,
        Param("dilation", 1, _("Distance between the taps of the kernel; 1 is a plain one."),
              1, 64, unit="px"),
        Param("groups", 1, _("Splits the channels into groups that do not see each other; equal "
                             "to the input channels it is a depthwise convolution."), 1, 65_536),
        Param("bias", True, _("Adds a learned number to each output channel; useless before "
                              "BatchNorm2d."))),
    label=lambda p: (f"{p.kernel_size}×{p.kernel_size}, {p.out_channels}{strided(p)}"
                     + (f", g{p.groups}" if p.groups > 1 else "")),
    shape=_conv_shape, weights=_conv_weights, macs=_conv_macs,
    call=lambda p, ins: Call("nn.Conv2d", (
        Argument("in_channels", ins[0][0]), Argument("out_channels", p.out_channels),
        Argument("kernel_size", p.kernel_size), Argument("stride", p.stride, 1),
        Argument("padding", p.padding, 0), Argument("dilation", p.dilation, 1),
        Argument("groups", p.groups, 1), Argument("bias", p.bias, True)))))


# Normalisation --------------------------------------------------------------------------------

KINDS.declare(Kind(
    "BatchNorm2d", "normalisation",
    _("Brings every channel to mean 0 and deviation 1 over the batch, then scales and shifts it "
      "by learned numbers (Ioffe and Szegedy 2015)."),
    params=(
        Param("eps", 1e-5, _("Added to the variance, so that nothing is divided by 0."), 0.0, 1.0),
        Param("momentum", 0.1, _("Share of the newest batch in the running mean and variance."),
              0.0, 1.0)),
    label=lambda p: "",
    shape=lambda p, ins: _map(ins[0], "BatchNorm2d", ins[0]),
    weights=lambda p, ins: (
        Weight("weight", ins[0][:1]), Weight("bias", ins[0][:1]),
        Weight("running_mean", ins[0][:1], False), Weight("running_var", ins[0][:1], False),
        Weight("num_batches_tracked", (), False)),
    call=lambda p, ins: Call("nn.BatchNorm2d", (
        Argument("num_features", ins[0][0]), Argument("eps", p.eps, 1e-5),
        Argument("momentum", p.momentum, 0.1)))))


# Activation -----------------------------------------------------------------------------------

KINDS.declare(Kind(
    "ReLU", "activation",
    _("max(0, x): without a non-linearity, stacked layers would equal one linear layer."),
    label=lambda p: "max(0, x)",
    shape=lambda p, ins: ins[0],
    call=lambda p, ins: Call("nn.ReLU")))


# Pooling --------------------------------------------------------------------------------------

def _pool_shape(p, ins):
    shape = _map(ins[0], "Pooling")
    if 2 * p.padding > p.kernel_size:
        raise Mismatch(
            "padding",
            _("padding {padding} of {{node}} is more than half of kernel_size {kernel}; allowed: "
              "0 to {most}").format(padding=p.padding, kernel=p.kernel_size,
                                    most=p.kernel_size // 2),
            (shape[0], *(max(1, (side + 2 * p.padding - p.kernel_size) // p.stride + 1)
                         for side in shape[1:])),
            most=p.kernel_size // 2)
    return _slide(p, shape, shape[0])


def _pool(name: str, doc: str) -> Kind:
    def call(p, ins):
        return Call(f"nn.{name}", (
            Argument("kernel_size", p.kernel_size), Argument("stride", p.stride, p.kernel_size),
            Argument("padding", p.padding, 0)))

    return Kind(
        name, "pooling", doc,
        params=(
            Param("kernel_size", 2, KERNEL.doc, 1, 255, unit="px"),
            Param("stride", 2, STRIDE.doc, 1, 64, unit="px"), PADDING),
        label=lambda p: f"{p.kernel_size}×{p.kernel_size}{strided(p)}",
        shape=_pool_shape, call=call)


KINDS.declare(_pool("MaxPool2d", _("Keeps the largest value of each window: the pattern was there, "
                                   "no matter exactly where.")))
KINDS.declare(_pool("AvgPool2d", _("Takes the mean of each window.")))

KINDS.declare(Kind(
    "AdaptiveAvgPool2d", "pooling",
    _("Averages each map down to a fixed size, whatever comes in; size 1 is global average "
      "pooling (Lin, Chen, Yan 2013)."),
    params=(Param("output_size", 1, _("Height and width that come out."), 1, 1024, unit="px"),),
    label=lambda p: f"{p.output_size}×{p.output_size}",
    shape=lambda p, ins: (_map(ins[0], "AdaptiveAvgPool2d")[0], p.output_size, p.output_size),
    call=lambda p, ins: Call("nn.AdaptiveAvgPool2d", (Argument("output_size", p.output_size),))))


# Shape and regularisation ---------------------------------------------------------------------

def _flatten_shape(p, ins):
    count = 1
    for side in ins[0]:
        count *= side
    return (count,)


KINDS.declare(Kind(
    "Flatten", "shape", _("Lays the maps out as one vector, channel after channel."),
    label=lambda p: "",
    shape=_flatten_shape,
    expression=lambda p, names: f"torch.flatten({names[0]}, 1)"))

KINDS.declare(Kind(
    "Dropout", "shape",
    _("While training, sets a random share of the values to 0 and scales up the rest (Srivastava "
      "et al. 2014)."),
    params=(Param("p", 0.5, _("Share of the values that are set to 0."), 0.0, 1.0),),
    label=lambda p: f"p {p.p:g}",
    shape=lambda p, ins: ins[0],
    call=lambda p, ins: Call("nn.Dropout", (Argument("p", p.p),))))

KINDS.declare(Kind(
    "Identity", "shape", _("Passes its input on unchanged: the shortcut where shapes agree."),
    label=lambda p: "",
    shape=lambda p, ins: ins[0],
    call=lambda p, ins: Call("nn.Identity")))


# Linear ---------------------------------------------------------------------------------------

def _linear_shape(p, ins):
    if len(ins[0]) != 1:
        raise Mismatch("vector", _("{{node}}: Linear needs a vector, but gets a map of {shape}; "
                                   "allowed after Flatten").format(shape=text_of(ins[0])),
                       (p.out_features,))
    return (p.out_features,)


KINDS.declare(Kind(
    "Linear", "head", _("Every output is a weighted sum of all inputs: a fully connected layer."),
    params=(Param("out_features", 10, _("Length of the vector that comes out."), 1, 1_000_000),
            Param("bias", True, _("Adds a learned number to each output."))),
    label=lambda p: f"{p.out_features}",
    shape=_linear_shape,
    weights=lambda p, ins: (Weight("weight", (p.out_features, ins[0][0])),
                            *((Weight("bias", (p.out_features,)),) if p.bias else ())),
    macs=lambda p, ins, out: ins[0][0] * p.out_features,
    call=lambda p, ins: Call("nn.Linear", (
        Argument("in_features", ins[0][0]), Argument("out_features", p.out_features),
        Argument("bias", p.bias, True)))))


# Joins ----------------------------------------------------------------------------------------

def _add_shape(p, ins):
    for shape in ins[1:]:
        if shape != ins[0]:
            raise Mismatch(
                "add", _("{{node}} adds tensors of equal shape, but gets {shapes}; {differ}").format(
                    shapes=_(" and ").join(text_of(s) for s in ins), differ=_differ(ins[0], shape)),
                ins[0])
    return ins[0]


def _differ(a: Shape, b: Shape) -> str:
    if len(a) != len(b):
        return _("a map and a vector never add")
    words = []
    if a[0] != b[0]:
        words.append(_("channels {a} ≠ {b}").format(a=a[0], b=b[0]))
    if a[1:] != b[1:]:
        words.append(_("size {a} ≠ {b}").format(a=text_of(a[1:]), b=text_of(b[1:])))
    return ", ".join(words)


KINDS.declare(Kind(
    "Add", "merge",
    _("Adds its inputs element by element: where a residual block joins F(x) and x (He et al. "
      "2015)."),
    inputs=PORTS[:2], variadic=True,
    label=lambda p: "",
    shape=_add_shape,
    expression=lambda p, names: " + ".join(names)))


def _concat_shape(p, ins):
    channels = sum(shape[0] for shape in ins)
    for shape in ins[1:]:
        if shape[1:] != ins[0][1:]:
            raise Mismatch(
                "concat", _("{{node}} joins channels of maps of equal size, but gets {shapes}; "
                            "{differ}").format(
                    shapes=_(" and ").join(text_of(s) for s in ins),
                    differ=_differ((0, *ins[0][1:]), (0, *shape[1:]))),
                (channels, *ins[0][1:]))
    return (channels, *ins[0][1:])


KINDS.declare(Kind(
    "Concat", "merge", _("Stacks the channels of its inputs on one another."),
    inputs=PORTS[:2], variadic=True,
    label=lambda p: _("channels"),
    shape=_concat_shape,
    expression=lambda p, names: f"torch.cat([{', '.join(names)}], 1)"))
