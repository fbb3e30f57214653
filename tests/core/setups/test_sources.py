"""A distribution is installed elsewhere just as it is here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automem.errors import SetupError
from automem.setups.sources import arguments_for, package_here


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution `automem-lent`, version 3, that needs another one."""
    info = tmp_path / "automem_lent-3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: automem-lent\nVersion: 3\nRequires-Dist: click>=8\n"
        "Requires-Dist: rich>=14; extra == 'colors'\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)  # pyright: ignore[reportUnknownMemberType]
    return info


def came_from(info: Path, url: str, **more: object) -> None:
    (info / "direct_url.json").write_text(json.dumps({"url": url, **more}), encoding="utf-8")


def test_what_came_from_an_index_is_named_with_its_version(site: Path) -> None:
    package = package_here("automem-lent")
    assert package.requires == ("click>=8",)
    assert arguments_for(package) == ("automem-lent==3",)


def test_a_checkout_is_used_in_place(site: Path) -> None:
    came_from(site, site.parent.as_uri(), dir_info={"editable": True})
    assert arguments_for(package_here("automem-lent")) == ("--editable", str(site.parent))


def test_a_wheel_or_folder_is_installed_again(site: Path) -> None:
    wheel = site.parent / "a wheel.whl"
    wheel.touch()
    came_from(site, wheel.as_uri(), archive_info={})
    assert arguments_for(package_here("automem-lent")) == (f"automem-lent @ {wheel.as_uri()}",)
    came_from(site, site.parent.as_uri(), dir_info={})
    assert arguments_for(package_here("automem-lent")) == (
        f"automem-lent @ {site.parent.as_uri()}",
    )


@pytest.mark.parametrize("url", ["file:///nowhere/at/all.whl", "https://example.org/lent.whl"])
def test_what_is_not_on_this_disk_any_more_is_named_with_its_version(site: Path, url: str) -> None:
    came_from(site, url, archive_info={})
    assert arguments_for(package_here("automem-lent")) == ("automem-lent==3",)


def test_what_is_not_here_cannot_be_installed_there() -> None:
    with pytest.raises(SetupError, match=r"'automem-never' .* is not installed here"):
        package_here("automem-never")
