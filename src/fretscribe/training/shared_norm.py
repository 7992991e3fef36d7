"""Batch normalisation over the shares of all processes, so that two learn what one does.

torch's own works on GPUs only. Neighbours: ``processes`` shares batches out; ``acoustic`` learns with these.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributed.nn import functional as together


class SharedBatchNorm2d(nn.BatchNorm2d):
    """`BatchNorm2d`, with the mean and the variance of what all processes see; the same state."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a share [batch, channels, height, width]; while training all processes must do it."""
        if not self.training or self.running_mean is None or self.running_var is None:
            return super().forward(x)
        values = x.float()
        sums = torch.cat([values.sum((0, 2, 3)), values.new_tensor([values.numel() / values.shape[1]])])
        sums = _total(sums)
        n_values, mean = sums[-1], sums[:-1] / sums[-1]
        centred = values - mean[:, None, None]
        variance = _total(centred.square().sum((0, 2, 3))) / n_values
        self._remember(mean.detach(), variance.detach() * n_values / (n_values - 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        normalised: Tensor = centred * scale[:, None, None] + self.bias[:, None, None]
        return normalised.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        momentum = 0.1 if self.momentum is None else self.momentum
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance, momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1


def _total(values: Tensor) -> Tensor:
    """The sum over processes, gradients included."""
    total: Tensor = together.all_reduce(values)  # type: ignore[no-untyped-call]
    return total


def share_norms(net: nn.Module) -> None:
    """Exchange the batch norms of a network for shared ones, with their very parameters and state."""
    for name, part in net.named_children():
        if isinstance(part, nn.BatchNorm2d):
            shared = SharedBatchNorm2d(part.num_features, eps=part.eps, momentum=part.momentum)
            shared.load_state_dict(part.state_dict())
            shared.weight, shared.bias = part.weight, part.bias  # an optimiser may have them already
            setattr(net, name, shared)
        else:
            share_norms(part)
