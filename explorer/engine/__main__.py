"""`python -m explorer.engine`: frames on standard input and output, until standard input ends."""

import signal
import sys

from explorer.engine.stream import ReplyStream, Requests, take_output


def main() -> int:
    """Runs the engine; the exit status is 0 after a normal end, 1 after a fault."""
    answers = ReplyStream(take_output())  # before anything is imported that might print
    # Ctrl-C in the terminal of the window reaches this process too; the window ends it with `Quit`.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = Requests(0)

    from explorer.engine import device
    from explorer.engine.service import Service
    from explorer.protocol.frames import FrameError
    from explorer.protocol.messages import Failed

    device.settle_threads()
    try:
        Service(requests, answers).serve()
    except BrokenPipeError:
        return 0  # the window is gone
    except FrameError as fault:
        answers.send(Failed(sentence=str(fault)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
