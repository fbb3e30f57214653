"""The small model that comes with automem-tiny, served by the local engine."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from automem_tiny.building import MODEL, serving
from automem_tiny.folders import model

from .engines import local_python, run_local

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

SEEN = """\
You see:
- grass 1 step to your west
- tree {steps} steps to your north

You face grass at your front.

Your status:
- health: 9/9
- food: 9/9
- drink: 9/9
- energy: 9/9

You have nothing in your inventory."""
STATE = "at 3,-2 south, want tree"
PROMPTS = [
    f"PLAN.\n\n## State\n{STATE}\n\n## Now (hour 0)\n{SEEN.format(steps=steps)}" for steps in (2, 5)
]


def said(url: str, prompt: str) -> str:
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": 24,
    }
    data = json.dumps(body).encode()
    with urllib.request.urlopen(f"{url}/chat/completions", data, timeout=60) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


def test_it_says_what_it_says_in_transformers_and_commits_actions(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.json"
    prompts.write_text(json.dumps(PROMPTS), encoding="utf-8")
    expected = json.loads(run_local("reference.py", str(model()), str(prompts), "24"))["base"]
    with serving(local_python(), model()) as url:
        answers = [said(url, prompt) for prompt in PROMPTS]
    assert answers == expected
    assert all(answer.startswith("<|ACTION|>") for answer in answers)
