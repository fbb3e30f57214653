from automem.records.memory import Edit, FileStatus


def test_the_index_names_declared_files_first_and_in_their_order(memory) -> None:
    files = {"z.txt": "", "map.txt": "", "a.txt": "", "notes.txt": "one\ntwo\n"}
    index = memory(files).store.index()
    assert [status.name for status in index] == ["notes.txt", "map.txt", "a.txt", "z.txt"]
    assert index[0] == FileStatus(name="notes.txt", lines=2, bytes=8, purpose="Notes.")


def test_the_index_follows_every_change(memory) -> None:
    notes = memory({"notes.txt": "a\n"})
    assert notes.store.index()[0].lines == 1
    notes.say("<|APPEND|>notes.txt|b<|END|>")
    notes.say("<|APPEND|>new.txt|b<|END|>")
    assert [(status.name, status.lines) for status in notes.store.index()] == [
        ("notes.txt", 2),
        ("new.txt", 1),
    ]


def test_the_index_is_made_once_while_nothing_changes(memory) -> None:
    store = memory({"notes.txt": "a\n"}).store
    assert store.index() is store.index()


def test_a_missing_file_has_no_lines_and_no_bytes(memory) -> None:
    store = memory().store
    assert store.lines("a") is None
    assert store.bytes_of("a") == 0
    assert store.known("a", near=False) == set()
    assert store.casefolded("a") == ()
    assert store.positions("a", store.manifest.files["map.txt"].key) == {}


def test_seeds_are_cleaned_when_they_are_taken(memory) -> None:
    assert memory({"a": "x\r\ny\0"}).store.files() == {"a": "x\ny\n"}


def test_replacing_a_file_by_its_own_lines_is_no_edit(memory) -> None:
    store = memory({"a": "x\n"}).store
    assert store.replace("a", ["x"]) is None
    assert store.replace("a", ["y"]) == Edit(start=0, removed=1, added=("y",))
    assert store.replace("b", ["z"]) == Edit(start=0, removed=0, added=("z",))
    assert store.total_bytes == 4
