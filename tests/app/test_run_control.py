"""What is said when the engine starts."""

from explorer.protocol.messages import Device, Hello


def test_a_gpu_that_cannot_be_used_is_told_once(session):
    told = []
    session.notified.connect(told.append)
    reason = "This machine has an NVIDIA A10, but PyTorch 2 is built without CUDA."
    hello = Hello(devices=(Device("cpu", "a", 1),), torch="2", pid=1, unused=reason)
    for _start in range(2):
        session.link.hello_said.emit(hello)
    assert told.count(reason) == 1
