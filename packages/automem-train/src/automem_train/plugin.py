"""What this package offers to AutoMem, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import Spec, hookimpl


@hookimpl
def automem_commands() -> list[Spec]:
    """Loop 2, its training data, and its adapters."""
    return [
        Spec(
            name="train",
            make="automem_train.command.train:train",
            summary="Train a memory specialist of the model's own turns, behind a gate.",
        ),
        Spec(
            name="data",
            make="automem_train.command.data:data",
            summary="Choose memory turns of a run to learn from, and export them.",
        ),
        Spec(
            name="adapters",
            make="automem_train.command.adapters:adapters",
            summary="List what was trained, show where it came from, export it.",
        ),
    ]


@hookimpl
def automem_loops() -> list[Spec]:
    """Loop 2."""
    return [
        Spec(
            name="train",
            make="automem_train.loop.staged:make_loop",
            summary="Loop 2: specialists trained of the model's own good memory turns.",
        )
    ]


@hookimpl
def automem_trainers() -> list[Spec]:
    """What turns a recipe into an adapter."""
    return [
        Spec(
            name="peft",
            make="automem_train.trainers.peft:PeftTrainer",
            summary="LoRA with torch, transformers and peft; FSDP2 for what one GPU cannot hold.",
            config="automem_train.trainers.peft:PeftOptions",
            interpreter="peft",
        ),
        Spec(
            name="unsloth",
            make="automem_train.trainers.unsloth:UnslothTrainer",
            summary="The same training with unsloth's kernels, on one GPU; slower ones on a CPU.",
            config="automem_train.trainers.unsloth:UnslothOptions",
            interpreter="unsloth",
        ),
    ]


@hookimpl
def automem_setups() -> list[Spec]:
    """Interpreters for trainers, with the torch that the default environment is kept without."""
    return [
        Spec(
            name="peft",
            make="automem_train.trainers.setups:peft_interpreter",
            summary="The trainer peft's torch (CPU build), transformers, peft and accelerate",
        ),
        Spec(
            name="unsloth",
            make="automem_train.trainers.setups:unsloth_interpreter",
            summary="The trainer unsloth (partly AGPL and LGPL) with its torch (CPU build) and trl",
        ),
    ]
