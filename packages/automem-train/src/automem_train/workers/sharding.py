"""One process or many, and whether each holds a share of the model: accelerate's part, and ours."""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin, broadcast_object_list
from torch import distributed
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from automem_train.workers import MEETING_VARIABLE

_MOMENTS = ("exp_avg", "exp_avg_sq")


def make_accelerator() -> Accelerator:
    """As `accelerate launch` started this process; on CPUs where there is nothing faster."""
    on_cpu = not torch.accelerator.is_available()
    meeting = os.environ.get(MEETING_VARIABLE)
    if meeting is not None:
        _meet(meeting, on_cpu=on_cpu)
    accelerator = Accelerator(cpu=on_cpu)
    sharded = os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"
    if sharded and accelerator.distributed_type == DistributedType.MULTI_CPU:
        # accelerate turns sharding on for devices only, though torch can shard on CPUs as well.
        accelerator.state.fsdp_plugin = FullyShardedDataParallelPlugin()
        accelerator.state.distributed_type = DistributedType.FSDP
    return accelerator


def _meet(file: str, *, on_cpu: bool) -> None:
    """Find the other processes before accelerate looks for them over a port."""
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if not on_cpu:
        torch.accelerator.set_device_index(int(os.environ["LOCAL_RANK"]))
    store = distributed.FileStore(file, count)
    backend = "gloo" if on_cpu else "cpu:gloo,cuda:nccl"
    distributed.init_process_group(backend, store=store, rank=rank, world_size=count)


@dataclass(slots=True)
class Learned:
    """The weights that are trained, with the optimizer that steps them."""

    model: Any
    optimizer: Optimizer

    def weights(self) -> dict[str, torch.nn.Parameter]:
        """By name, the same one in every sitting and for any number of processes."""
        return {
            name.removeprefix("module."): weight
            for name, weight in self.model.named_parameters()
            if weight.requires_grad
        }

    @property
    def shared_out(self) -> bool:
        """Whether each process holds only its share of what is trained."""
        return all(isinstance(weight, DTensor) for weight in self.weights().values())

    def tensors(self) -> dict[str, torch.Tensor]:
        """Weights and moments, whole, on the CPU; every process has to take part."""
        found: dict[str, torch.Tensor] = {}
        for name, weight in self.weights().items():
            found[f"weight.{name}"] = whole(weight)
            moments = self.optimizer.state[weight]
            found |= {f"{kind}.{name}": whole(moments[kind]) for kind in _MOMENTS}
        return found

    def restore(self, tensors: Mapping[str, torch.Tensor], step: int) -> None:
        """Put back what `tensors` gave after `step` steps."""
        for name, weight in self.weights().items():
            with torch.no_grad():
                weight.copy_(_like(weight, tensors[f"weight.{name}"]))
            self.optimizer.state[weight] = {
                "step": torch.tensor(float(step)),
                **{kind: _like(weight, tensors[f"{kind}.{name}"]).clone() for kind in _MOMENTS},
            }


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """All shares of a tensor together, on the CPU."""
    tensor = tensor.detach()
    if isinstance(tensor, DTensor):
        tensor = tensor.full_tensor()
    return tensor.cpu().contiguous().clone()


def _like(weight: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    """A whole tensor, shared out as `weight` is."""
    moved = tensor.to(weight.device, weight.dtype)
    if isinstance(weight, DTensor):
        return distribute_tensor(moved, weight.device_mesh, weight.placements)
    return moved


def agreed(accelerator: Accelerator, mine: Any) -> Any:
    """What the first process says, in all of them."""
    if accelerator.num_processes == 1:
        return mine
    said = [mine]
    broadcast_object_list(said, from_process=0)
    return said[0]


def summed(accelerator: Accelerator, tensor: torch.Tensor) -> float:
    """The sum of what all processes have."""
    if accelerator.num_processes == 1:
        return float(tensor)
    return float(accelerator.reduce(tensor.detach().clone(), reduction="sum"))
