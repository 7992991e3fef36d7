"""The processes that ``torchrun`` started, as one learner: shares, sums and decisions.

Neighbours: ``loop`` and ``acoustic`` learn from shares of each batch; ``shared_norm`` normalises over all.
"""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Rows = TypeVar("Rows", np.ndarray[Any, Any], Tensor)


@dataclass(frozen=True, slots=True)
class Processes:
    """Which of how many processes this is."""

    rank: int = 0
    world: int = 1

    @classmethod
    def joined(cls) -> Processes:
        """Join the processes that ``torchrun`` started, if it did."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        if not torch.distributed.is_initialized():
            backends = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
            torch.distributed.init_process_group(backends)
            atexit.register(_part)
        return cls(torch.distributed.get_rank(), torch.distributed.get_world_size())

    def average_gradients(self, net: nn.Module) -> None:
        """The same gradients in all of them."""
        for parameter in net.parameters() if self.world > 1 else ():
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self.world

    def total(self, values: Tensor) -> Tensor:
        """The sum over processes, without gradients."""
        if self.world == 1:
            return values
        values = values.detach().clone()
        torch.distributed.all_reduce(values)
        return values

    def agreed(self, decision: bool) -> bool:
        """Process 0's decision, in all of them, once all of them ask."""
        if self.world == 1:
            return decision
        flag = torch.tensor(int(decision))
        torch.distributed.broadcast(flag, src=0)
        return bool(flag)

    def meet(self) -> None:
        """Wait until all of them are here."""
        if self.world > 1:
            torch.distributed.barrier()

    def share(self, rows: Rows) -> Rows:
        """The part of a batch that this process learns from."""
        return rows[self.rank :: self.world]


def _part() -> None:
    """Before the interpreter shuts down: gloo's threads may still hold tensors, and would abort it then."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def agreed(decision: bool) -> bool:
    """The first process's decision, in all of them: clocks differ."""
    return Processes.joined().agreed(decision)


def is_first_process() -> bool:
    """Whether this process is the one that writes files."""
    return Processes.joined().rank == 0
