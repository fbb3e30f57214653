# The short names of what is done often; `just` lists them.

default:
    @just --list

# Run the tests; arguments go to pytest.
test *arguments:
    uv run pytest {{ arguments }}

# Run the tests of report and view in the system's Chromium.
browser-tests *arguments:
    uv run --group browser pytest -m browser tests/browser {{ arguments }}

# Hold the contract of engines against real ones; docs/guide/local-engine.md says how long it takes.
server-tests *arguments:
    uv run pytest -m server tests/server {{ arguments }}

# Format and mend what ruff can mend.
format:
    uv run --group lint ruff format
    uv run --group lint ruff check --fix

# Lint, types and import contracts.
lint:
    uv run --group lint ruff check
    uv run --group lint ruff format --check
    uv run --group lint basedpyright
    uv run --group lint lint-imports

# Everything a change must pass.
ci:
    bash .ci/run

# Resolve anew and export the pins.
lock:
    uv lock
    uv export --quiet --format requirements-txt --no-header --no-annotate --no-emit-workspace --all-packages --all-extras --no-extra sglang --no-extra vllm --all-groups --output-file requirements.lock

# Play the demo.
demo *arguments:
    uv run automem demo {{ arguments }}

# Write the generated page of the command line.
reference:
    uv run python -m automem.cli.reference > docs/reference/cli.md

# Measure; docs/benchmarks.md says what.
benchmark *arguments:
    uv run python benchmarks/run.py {{ arguments }}
