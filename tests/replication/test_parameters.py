"""Parameters of a run are checked before anything runs, in one line that names them and what is allowed."""

import pytest
import torch

from snlib.replication.launch import snakemake
from snlib.replication.parameters import PipelineParameters, require_parameters, whole_number
from snlib.replication.profiles import PROFILES

SEED = r"expected a whole number from 0 to 2\*\*63 - 1"
WRONG = [
    ({"profile": "huge"}, r"profile is 'huge', expected one of \['smoke', 'quick', 'full', 'large'\]"),
    ({"profile": ["smoke"]}, r"profile is \['smoke'\], expected one of"),
    ({"device": "tpu"}, "device is 'tpu', expected 'auto', 'cpu' or 'cuda'"),
    ({"seed": "abc"}, f"seed is 'abc', {SEED}"),
    ({"seed": "7"}, f"seed is '7', {SEED}"),
    ({"seed": -1}, f"seed is -1, {SEED}"),
    ({"seed": 1.0}, f"seed is 1.0, {SEED}"),
    ({"seed": True}, f"seed is True, {SEED}"),
    ({"seed": 2**63}, f"seed is {2**63}, {SEED}"),
    ({"published_sample": "nowhere"}, r"nowhere: no such folder \(the published sample\)"),
    ({"published_sample": "."}, r"\.: no file named posterior_test_photometrycond_\*\.npz"),
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def sample(tmp_path):
    folder = tmp_path / "a sample: 'x' # $HOME"
    folder.mkdir()
    (folder / "posterior_test_photometrycond_job0.npz").touch()
    return folder


@pytest.mark.parametrize("change, message", WRONG)
def test_a_value_that_cannot_be_is_refused(change, message):
    with pytest.raises((ValueError, FileNotFoundError), match=f"^{message}"):
        require_parameters(**{"profile": "smoke", "device": "cpu", "seed": 0} | change)


def test_a_device_that_is_not_there_is_refused(no_cuda):
    with pytest.raises(ValueError, match="device is 'cuda', but there is no CUDA device here"):
        require_parameters("smoke", "cuda", 0)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_values_that_can_be_pass(profile, device, seed, sample):
    require_parameters(profile, device, seed)
    require_parameters(profile, device, seed, sample)


@pytest.mark.parametrize(
    "text", ["abc", "-1", "0", "007", "1.0", "+1", " 1", "1\n", "٣", "", None, 0, -2, 1.5]
)
def test_what_is_no_positive_number_is_refused(text):
    with pytest.raises(ValueError, match=r"^cores is .*, expected a whole number from 1, such as 3$"):
        whole_number("cores", text)


@pytest.mark.parametrize("text, number", [("1", 1), ("40", 40), (3, 3)])
def test_positive_numbers_are_read(text, number):
    assert whole_number("cores", text) == number


def test_what_is_not_given_is_as_by_default():
    read = PipelineParameters.read({"seeds": "", "device": None}, {})
    assert read == PipelineParameters("quick", "auto", 0, PROFILES["quick"].n_seeds_compared, "")
    assert PipelineParameters.read({"profile": "full"}, {}).n_seeds == PROFILES["full"].n_seeds_compared


def test_what_is_given_is_read_from_text_or_numbers(sample, monkeypatch):
    monkeypatch.chdir(sample.parent)
    environment = {"SNLIB_PUBLISHED_SAMPLE": sample.name}
    expected = PipelineParameters("smoke", "cpu", 12, 4, str(sample))
    for seed, seeds in (("12", "4"), (12, 4)):
        given = {"profile": "smoke", "device": "cpu", "seed": seed, "seeds": seeds}
        assert PipelineParameters.read(given, environment) == expected


@pytest.mark.parametrize(
    "given, sample, message",
    [
        *(({name: value}, "", f"{name} is '{value}', ") for name, value in [("seed", "abc"), ("seeds", "0")]),
        ({"seed": "007"}, "", "seed is '007', expected a whole number"),
        ({"seed": "-1"}, "", "seed is '-1', expected a whole number"),
        ({"profile": "huge"}, "", "profile is 'huge', expected one of"),
        ({"device": "tpu"}, "", "device is 'tpu', expected 'auto'"),
        (
            {"seeed": "1"},
            "",
            r"seeed is no parameter, expected some of \['profile', 'device', ",
        ),
        ({}, "nowhere", "nowhere: no such folder"),
    ],
)
def test_parameters_of_the_pipeline_are_checked(given, sample, message):
    with pytest.raises((ValueError, FileNotFoundError), match=f"^{message}"):
        PipelineParameters.read(given, {"SNLIB_PUBLISHED_SAMPLE": sample})
    with pytest.raises((ValueError, FileNotFoundError), match=f"^{message}"):
        snakemake("book", given | {"cores": "1"}, {"SNLIB_PUBLISHED_SAMPLE": sample})


def test_real_models_need_a_sample(sample):
    given = {"cores": "1", "device": "cpu"}
    with pytest.raises(ValueError, match=r"^SNLIB_PUBLISHED_SAMPLE is not set, expected the folder"):
        snakemake("real", given, {})
    assert "real" in snakemake("real", given, {"SNLIB_PUBLISHED_SAMPLE": str(sample)})
