"""Which places of its input one place of a layer's output sees, along one axis, exactly."""

from typing import NamedTuple

Span = tuple[int, int]


class LayerWindow(NamedTuple):
    """Output place q × period + r sees the input from q × step + spans[r][0] to q × step +
    spans[r][1], both inclusive and counted without regard to the borders; a span of None sees
    nothing. A convolution has period 1 and its stride as step; where the resolution rises
    (transposed convolution, Upsample) places of one period see differently.

    whole: sees all of the input, which has no such places any more: global pooling, Flatten.
    """

    period: int
    step: int
    spans: tuple[Span | None, ...]
    whole: bool = False


SAME_PLACE = LayerWindow(1, 1, ((0, 0),))
WHOLE = LayerWindow(1, 0, ((0, 0),), True)


def sliding(kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> LayerWindow:
    """A window that slides over the axis; padding: places added before the first."""
    return LayerWindow(1, stride, ((-padding, dilation * (kernel - 1) - padding),))


def transposed(kernel: int, stride: int, padding: int, dilation: int) -> LayerWindow:
    """A transposed window: input m is spread over the outputs m × stride − padding + t × dilation
    for every tap t (torch.nn.ConvTranspose2d)."""
    spans = []
    for place in range(stride):
        seen = [
            (place + padding - tap * dilation) // stride
            for tap in range(kernel)
            if (place + padding - tap * dilation) % stride == 0
        ]
        spans.append((min(seen), max(seen)) if seen else None)
    return LayerWindow(stride, 1, tuple(spans))


def adaptive(side: int, size: int) -> LayerWindow:
    """Adaptive pooling of `side` places to `size`: output i sees from ⌊i × side / size⌋ to
    ⌈(i + 1) × side / size⌉ − 1 (torch.nn.AdaptiveAvgPool2d)."""
    if size == 1 and side > 1:
        return WHOLE
    return LayerWindow(
        size, side, tuple((i * side // size, -(-(i + 1) * side // size) - 1) for i in range(size))
    )


def nearest(factor: int) -> LayerWindow:
    """Every place repeated `factor` times."""
    return LayerWindow(factor, 1, ((0, 0),) * factor)


def bilinear(factor: int) -> LayerWindow:
    """Each place between the two nearest ones, as align_corners=False has it: output i stands at
    (i + ½) / factor − ½ of the input."""
    spans = []
    for place in range(factor):
        twice = 2 * place + 1 - factor  # 2 × factor × its place in the input
        low = twice // (2 * factor)
        spans.append((low, low + (twice % (2 * factor) != 0)))
    return LayerWindow(factor, 1, tuple(spans))
