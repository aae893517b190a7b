"""What is kept is found again; what is damaged, incomplete or of something else is made again."""

import pytest

from snlib.replication.cache import file_digest, is_kept, keep, make_unless_kept

MADE_FROM = {"seed": 1, "sizes": (2, 3), "recipe": {"rate": 1e-3}}


@pytest.fixture
def thing(tmp_path):
    """A thing of two files, and a function that makes it and counts."""
    paths = [tmp_path / "thing.txt", tmp_path / "thing.csv"]

    def make():
        make.calls += 1
        for path in paths:
            path.write_text(f"all of {path.name}\n")

    make.calls = 0
    return paths, make


def test_a_thing_is_made_once(thing):
    paths, make = thing
    for _ in range(3):
        make_unless_kept(paths, MADE_FROM, make)
    assert make.calls == 1
    assert is_kept(paths, MADE_FROM)


@pytest.mark.parametrize(
    "other",
    [MADE_FROM | {"seed": 2}, MADE_FROM | {"code": "newer"}, {"seed": 1}, {}, MADE_FROM | {"sizes": (3, 2)}],
)
def test_a_thing_made_from_something_else_is_made_again(thing, other):
    paths, make = thing
    make_unless_kept(paths, MADE_FROM, make)
    make_unless_kept(paths, other, make)
    assert make.calls == 2
    assert is_kept(paths, other) and not is_kept(paths, MADE_FROM)


@pytest.mark.filterwarnings("ignore:.*damaged or changed")
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes().replace(b"all", b"few")),
        lambda path: path.unlink(),
    ],
    ids=["truncated", "empty", "changed", "missing"],
)
def test_a_damaged_file_is_made_again(thing, which, damage):
    paths, make = thing
    make_unless_kept(paths, MADE_FROM, make)
    damage(paths[which])
    make_unless_kept(paths, MADE_FROM, make)
    assert make.calls == 2
    assert [path.read_text() for path in paths] == ["all of thing.txt\n", "all of thing.csv\n"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_damaged_file_is_named(thing, which):
    paths, make = thing
    make_unless_kept(paths, MADE_FROM, make)
    paths[which].write_text("some of it")
    with pytest.warns(UserWarning, match=rf"{paths[which]}: damaged or changed since it was made"):
        make_unless_kept(paths, MADE_FROM, make)


def test_a_damaged_record_is_named(thing, tmp_path):
    paths, make = thing
    make_unless_kept(paths, MADE_FROM, make)
    record = tmp_path / ".thing.txt.made_from.json"
    record.write_text("{")
    with pytest.warns(UserWarning, match=rf"{record}: not a readable JSON file.*made again"):
        make_unless_kept(paths, MADE_FROM, make)


def test_what_is_only_out_of_date_or_gone_is_made_again_without_a_word(thing, recwarn):
    paths, make = thing
    for made_from in MADE_FROM, MADE_FROM | {"seed": 2}:
        make_unless_kept(paths, made_from, make)
    paths[0].unlink()
    make_unless_kept(paths, MADE_FROM | {"seed": 2}, make)
    assert make.calls == 3 and not recwarn.list


@pytest.mark.filterwarnings("ignore:.*made again")
@pytest.mark.parametrize("content", ["", "{", "[1]", '{"made_from": {}}', None])
def test_without_a_whole_record_nothing_is_kept(thing, tmp_path, content):
    paths, make = thing
    make_unless_kept(paths, MADE_FROM, make)
    (record,) = tmp_path.glob(".*")
    record.unlink() if content is None else record.write_text(content)
    make_unless_kept(paths, MADE_FROM, make)
    assert make.calls == 2


@pytest.mark.filterwarnings("ignore:.*damaged or changed")
def test_a_thing_that_was_interrupted_does_not_pass_for_whole(thing):
    paths, make = thing
    make_unless_kept(paths, MADE_FROM, make)

    def interrupted():
        paths[0].write_text("new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_unless_kept(paths, MADE_FROM | {"seed": 2}, interrupted)
    assert not is_kept(paths, MADE_FROM) and not is_kept(paths, MADE_FROM | {"seed": 2})


def test_a_file_that_was_never_written_cannot_be_kept(tmp_path):
    with pytest.raises(FileNotFoundError):
        keep([tmp_path / "nothing"], {})


def test_the_digest_of_a_file_is_that_of_sha256sum(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # the example of FIPS 180-2
    assert file_digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
