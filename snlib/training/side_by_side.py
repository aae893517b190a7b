"""Independent pieces of work side by side on one card."""

import torch

__all__ = ["side_by_side"]

_STREAMS = {}  # by device: kept, since a recorded graph remembers where its memory came from


@torch.compiler.disable(recursive=False)  # compile the pieces one by one, not what lies between them
def side_by_side(function, arguments, device):
    """The results of a function for each tuple of arguments, none of which needs another's result.

    While a CUDA graph is recorded each call gets a stream of its own, and so does its backward pass:
    kernels too small to fill the card then run at the same time.  All wait for what came before, and
    what comes next waits for all.  Elsewhere, one after the other: kernels that are started one by one
    never wait for each other.

    Parameters
    ----------
    function : callable
    arguments : sequence of tuple
    device : torch.device

    Returns
    -------
    list
    """
    if device.type != "cuda" or not torch.cuda.is_current_stream_capturing():
        return [function(*some) for some in arguments]
    streams = _STREAMS.setdefault(device, [])
    while len(streams) < len(arguments):
        streams.append(torch.cuda.Stream(device))
    main, results = torch.cuda.current_stream(device), []
    for stream, some in zip(streams, arguments, strict=False):
        stream.wait_stream(main)
        with torch.cuda.stream(stream):
            results.append(function(*some))
    for stream, _ in zip(streams, arguments, strict=False):
        main.wait_stream(stream)
    return results
