"""How the live page is built: one file that asks nobody for anything, quietly, and one line where it cannot be."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.page import built_page
from tests.support.parts import PartMissing, do_without
from tests.support.processes import REPOSITORY

SOURCES = ("mosquitto/www", "scripts/make-www", "scripts/build-page.py")


@pytest.fixture(scope="module")
def page() -> str:
    """Give the page."""
    try:
        return built_page().read_text(encoding="utf-8")
    except PartMissing as reason:
        do_without(reason)


def test_the_page_is_one_file_with_a_policy_that_forbids_the_rest(page: str) -> None:
    """No address of another file or host, and only the scripts and styles whose hashes stand in it."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert len(re.findall("'sha256-", policy[1])) == len(re.findall("<script>|<style>", page)) == 6
    document = re.sub(r"<(script|style)>.*?</\1>|<!--.*?-->", "", page, flags=re.DOTALL)
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', document) == []
    assert not re.search(r"url\((?!data:)|@import|sourceMappingURL", page)


def test_the_page_names_whose_work_is_in_it_and_no_machine(page: str) -> None:
    """The licences of both libraries; no path of the machine that built it; not larger than half a megabyte."""
    assert page.count("Permission is hereby granted") == 2
    assert str(REPOSITORY) not in page
    assert "node_modules" not in page
    assert len(page.encode()) < 512 * 1024


def _checkout(folder: Path) -> Path:
    for source in SOURCES:
        copy = shutil.copytree if (REPOSITORY / source).is_dir() else shutil.copy
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        copy(REPOSITORY / source, folder / source)
    return folder


def _make(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(checkout), **variables}
    command = [checkout / "scripts" / "make-www"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)


def test_without_npm_one_line_says_what_to_do(tmp_path: Path) -> None:
    """Exit code 1, and nothing half made."""
    checkout = _checkout(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("sh", "dirname", "mkdir", "flock", "find", "cmp", "python3"):
        (programs / program).symlink_to(str(shutil.which(program)))
    made = _make(checkout, PATH=str(programs))
    assert (made.returncode, made.stderr) == (1, "no live page: it is built with npm; mend it with: sudo apt install npm\n")
    assert not (checkout / "build" / "www").exists()


def test_where_npm_fails_one_line_says_so(tmp_path: Path) -> None:
    """A registry that does not answer: exit code 1, no log of npm's, and the next run tries again."""
    if shutil.which("npm") is None:
        do_without(PartMissing("no npm on PATH"))
    checkout = _checkout(tmp_path)
    made = _make(
        checkout, npm_config_registry="http://127.0.0.1:9", npm_config_fetch_retries="0", npm_config_cache=str(tmp_path / "c")
    )
    assert made.returncode == 1
    assert made.stderr.startswith("no live page: npm cannot get its libraries; is there a network? (npm error")
    assert made.stderr.count("\n") == 1
    assert not (checkout / "build" / "www").exists()


def test_two_builds_at_once_wait_for_each_other(tmp_path: Path, page: str) -> None:
    """The first one gets the libraries, the second one finds them there."""
    del page
    checkout = _checkout(tmp_path)
    shutil.copytree(REPOSITORY / "build" / "www-parts", checkout / "build" / "www-parts")
    (checkout / "build" / "www-parts" / "ready").unlink()
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\necho called >>{tmp_path}/calls\nsleep 0.5\n", encoding="utf-8")
    npm.chmod(0o755)
    with ThreadPoolExecutor() as pool:
        builds = [pool.submit(_make, checkout, PATH=f"{npm.parent}:/usr/bin:/bin") for _ in range(2)]
    assert [(build.result().returncode, build.result().stderr) for build in builds] == [(0, "")] * 2
    assert (tmp_path / "calls").read_text(encoding="utf-8") == "called\n"


def test_a_page_that_is_there_is_built_again_only_after_a_change(tmp_path: Path, page: str) -> None:
    """The same source gives the same page; where nothing changed nothing is done or said."""
    del page
    checkout = _checkout(tmp_path)
    shutil.copytree(REPOSITORY / "build" / "www-parts", checkout / "build" / "www-parts")
    file = checkout / "build" / "www" / "index.html"
    for expected in (True, False):
        before = file.stat().st_mtime_ns if file.exists() else 0
        made = _make(checkout)
        assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
        assert (file.stat().st_mtime_ns != before) is expected
    assert file.read_bytes() == built_page().read_bytes()


def test_a_form_that_the_builder_does_not_know_is_refused(tmp_path: Path, page: str) -> None:
    """Whoever writes another kind of import is told so, instead of a page that does not start."""
    del page
    checkout = _checkout(tmp_path)
    shutil.copytree(REPOSITORY / "build" / "www-parts", checkout / "build" / "www-parts")
    main = checkout / "mosquitto" / "www" / "main.js"
    main.write_text('import * as all from "./dom.js";\n' + main.read_text(encoding="utf-8"), encoding="utf-8")
    made = _make(checkout)
    expected = "no live page: it cannot be built: main.js: a form that this builder does not know: import * as all"
    assert made.returncode == 1
    assert made.stderr.startswith(expected)
