"""From notebooks/ to book/chapters/ and data/results/; run by `make book`.

A run keeps everything in data/generated/<profile>-seed<seed>[-published]/.  The device is no part
of names or parameters: changing it makes nothing out of date.  Events and weights are outputs to
update, so a notebook executed again for its text or figures finds them and trains nothing.

Targets of their own: `repeats`, the results of further seeds, `ablations`, `ship`, the default weights,
and `real`, the results on real models.
"""

import json
import os
import shutil
import subprocess
import sys
from glob import glob
from pathlib import Path
from shlex import quote

from snlib.replication.ablations import ABLATIONS, read_ablations
from snlib.files import read_json, replacing, write_json
from snlib.replication.notebooks import without_progress
from snlib.replication.profiles import PROFILES
from snlib.replication.stages import STAGES
from snlib.replication.verdicts import ledger_html

PROFILE = config.setdefault("profile", "quick")
SEED = config.setdefault("seed", 0)
DEVICE = config.setdefault("device", "auto")
PUBLISHED = os.path.abspath(config["published_sample"]) if config.get("published_sample") else ""

SEEDS = range(int(config.get("seeds") or PROFILES[PROFILE].n_seeds))

SUFFIX = "-published" if PUBLISHED else ""
GENERATED = os.environ.get("SNLIB_GENERATED", "data/generated")
RUN = f"{GENERATED}/{PROFILE}-seed{SEED}{SUFFIX}"
RESULTS = f"data/results/{PROFILE}{SUFFIX}"
REPEATS = [f"{GENERATED}/{PROFILE}-seed{seed}{SUFFIX}/repeated.json" for seed in SEEDS if seed != SEED]
COMMITTED = [name for name in glob(f"{RESULTS}/seed*/*") if f"/seed{SEED}/" not in name]
TRAINED = {
    "05_mmvae": ["mmvae"],
    "06_vae": ["spectrum-vae", "photometry-vae"],
    "07_contrastive": ["contrastive"],
    "08_regressors": ["photometry-regressor", "spectrum-regressor"],
}
# What each table of results is made from.
TABLES = {
    "spectra": ["05_mmvae", "06_vae", "07_contrastive"],
    "masking": ["05_mmvae"],
    "generation": ["05_mmvae"],
    "parameters": ["05_mmvae", "07_contrastive", "08_regressors"],
}
FOUND = [f"{RUN}/results/{name}.csv" for name in TABLES]
JUDGED = ("11_metrics", "12_prior", "13_masking", "14_parameters", "15_claims")
BEFORE = ("01_data", "02_light_curves", "03_transceiver", "04_objective", *TRAINED)
COMPUTED = (*BEFORE, "10_reconstruction", *JUDGED)


wildcard_constraints:
    table="|".join(TABLES),
    ablation="|".join(ABLATIONS),
    number=r"\d+",


RUN_OPTIONS = f"--profile {PROFILE} --device {DEVICE}"
SOURCE = f"--published-sample {quote(PUBLISHED)}" if PUBLISHED else ""
PARAMETERS = f"-p profile {PROFILE} -p device {DEVICE} -p seed {SEED} -r published_sample {quote(PUBLISHED)}"
EXECUTE = """
    echo "{input.notebook}: executing, log in {log.text}"
    if ! {sys.executable} -m papermill -k python3 --log-output --no-progress-bar \
        {PARAMETERS} {input.notebook} {log.notebook} > {log.text} 2>&1
    then
        tail -n 20 {log.text} >&2
        echo "{input.notebook}: failed, see {log.text} and {log.notebook}" >&2
        exit 1
    fi
    cp {log.notebook} {output.chapter}
"""


def modules(*names):
    return [f"snlib/{name}.py" for name in names]


def weights(chapter):
    names = [f"{RUN}/{model}-{recipe}" for model in TRAINED[chapter] for recipe in ("text", "improved")]
    return [f"{name}.{kind}" for name in names for kind in ("safetensors", "json", "csv")]


def logs(name):
    return {"text": f"{RUN}/logs/{name}.log", "notebook": f"{RUN}/logs/{name}.ipynb"}


def public(path):
    """Read an executed notebook without its progress bars and without this machine's folders."""
    text = json.dumps(without_progress(read_json(path)), indent=1, ensure_ascii=False) + "\n"
    for place, name in {PUBLISHED: "published_sample", os.getcwd(): "."}.items():
        text = text.replace(place, name) if place else text
    return text


rule book:
    """Bring book/chapters/ into step with this run: looks each time, writes what differs."""
    default_target: True
    input:
        f"{RESULTS}/provenance.json",
        cover=f"{RUN}/light_curve_to_spectrum.png",
        claims=f"{RUN}/claims.json",
        chapters=[f"{RUN}/chapters/{Path(name).name}" for name in sorted(glob("notebooks/[0-9]*.ipynb"))],
    run:
        contents = {f"chapters/{Path(name).name}": public(name).encode() for name in input.chapters}
        contents["images/light_curve_to_spectrum.png"] = Path(input.cover).read_bytes()
        contents["claims.html"] = ledger_html(read_json(input.claims), "chapters/").encode()
        for name, content in contents.items():
            target = Path("book", name)
            if not target.exists() or target.read_bytes() != content:
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(content)


rule data:
    input:
        STAGES["events"],
        modules("dataset", "runs", "plotting", "plot_grid", "surrogate_accuracy"),
        "data/results/surrogate/accuracy.json",
        "data/results/surrogate/real_and_surrogate.png",
        notebook="notebooks/01_data.ipynb",
    output:
        update(f"{RUN}/events.npz"),
        chapter=f"{RUN}/chapters/01_data.ipynb",
    log:
        **logs("01_data"),
    shell:
        EXECUTE


rule light_curves:
    input:
        STAGES["events"],
        modules("cadence_statistics", "plotting", "plot_grid", "plot_survey"),
        "data/results/published_sample/cadences.csv",
        notebook="notebooks/02_light_curves.ipynb",
    output:
        chapter=f"{RUN}/chapters/02_light_curves.ipynb",
    log:
        **logs("02_light_curves"),
    shell:
        EXECUTE


rule transceiver:
    input:
        STAGES["training"],
        modules("runs", "plotting", "plot_transceiver", "trace"),
        f"{RUN}/events.npz",
        notebook="notebooks/03_transceiver.ipynb",
    output:
        chapter=f"{RUN}/chapters/03_transceiver.ipynb",
    log:
        **logs("03_transceiver"),
    shell:
        EXECUTE


rule objective:
    input:
        STAGES["training"],
        modules("runs", "plotting", "plot_training", "linear_gaussian"),
        f"{RUN}/events.npz",
        notebook="notebooks/04_objective.ipynb",
    output:
        chapter=f"{RUN}/chapters/04_objective.ipynb",
    log:
        **logs("04_objective"),
    shell:
        EXECUTE


for CHAPTER in TRAINED:

    rule:
        name:
            f"train_{CHAPTER}"
        input:
            STAGES["training"],
            STAGES["evaluation"],
            modules("plot_training"),
            f"{RUN}/events.npz",
            notebook=f"notebooks/{CHAPTER}.ipynb",
        output:
            update(weights(CHAPTER)),
            chapter=f"{RUN}/chapters/{CHAPTER}.ipynb",
        log:
            **logs(CHAPTER),
        priority: {"05_mmvae": 2, "07_contrastive": 1}.get(CHAPTER, 0)  # what others wait for
        shell:
            EXECUTE


rule cost:
    input:
        modules("files", "recipes", "plotting", "plot_training"),
        [*glob("data/results/cpu/*.json"), *glob("data/results/random_decoding/*.json")],
        notebook="notebooks/09_cost.ipynb",
    output:
        chapter=f"{RUN}/chapters/09_cost.ipynb",
    log:
        **logs("09_cost"),
    shell:
        EXECUTE


rule table:
    """A table of results of this run: see snlib/replication/results.py."""
    input:
        STAGES["evaluation"],
        lambda wildcards: sum((weights(chapter) for chapter in TABLES[wildcards.table]), []),
    output:
        f"{RUN}/results/{{table}}.csv",
    log:
        f"{RUN}/logs/{{table}}.log",
    benchmark:
        f"{RUN}/logs/{{table}}.tsv"
    priority: 1
    shell:
        """
        echo "{output}: computing, log in {log}"
        {sys.executable} -m snlib evaluate {wildcards.table} {RUN_OPTIONS} {SOURCE} --seed {SEED} --out {RUN}/results > {log} 2>&1
        """


rule reconstruction:
    input:
        modules("plotting"),
        f"{RUN}/results/spectra.csv",
        notebook="notebooks/10_reconstruction.ipynb",
    output:
        f"{RUN}/light_curve_to_spectrum.png",
        chapter=f"{RUN}/chapters/10_reconstruction.ipynb",
    log:
        **logs("10_reconstruction"),
    shell:
        EXECUTE


for CHAPTER in JUDGED:

    rule:
        name:
            f"judge_{CHAPTER}"
        input:
            FOUND,
            REPEATS,
            COMMITTED,
            glob("data/results/full_length/*.csv") if CHAPTER == "15_claims" else [],
            modules("bootstrap", "evidence", "claims", "verdicts", "plotting"),
            modules("plot_results", "plot_generation", "plot_masking"),
            notebook=f"notebooks/{CHAPTER}.ipynb",
        output:
            [f"{RUN}/claims.json"] if CHAPTER == "15_claims" else [],
            chapter=f"{RUN}/chapters/{CHAPTER}.ipynb",
        log:
            **logs(CHAPTER),
        shell:
            EXECUTE


def commit():
    """The commit that makes the results; they are being replaced at this moment, so only what makes them counts."""
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    made_by = ["snlib", "notebooks", "Snakefile"]
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", *made_by]).returncode
    return git.stdout.strip() + ("-dirty" if changed else "")


rule results:
    """Copy the results, and say which commit made them and how long each step took."""
    input:
        FOUND,
        cover=f"{RUN}/light_curve_to_spectrum.png",
        claims=f"{RUN}/claims.json",
        chapters=[f"{RUN}/chapters/{name}.ipynb" for name in COMPUTED],
    output:
        f"{RESULTS}/claims.json",
        f"{RESULTS}/metrics.json",
        f"{RESULTS}/light_curve_to_spectrum.png",
        provenance=f"{RESULTS}/provenance.json",
    run:
        shell("{sys.executable} -m snlib evaluate {RUN_OPTIONS} {SOURCE} --seed {SEED} --out {RESULTS}/seed{SEED}")
        executed = {Path(name).stem: read_json(name)["metadata"]["papermill"] for name in input.chapters}
        run_time = {name: round(run["duration"], 1) for name, run in executed.items()}
        for name in TABLES:
            seconds = Path(f"{RUN}/logs/{name}.tsv").read_text().splitlines()[1].split()[0]
            run_time[f"table {name}"] = round(float(seconds), 1)
        for name in (input.cover, input.claims):
            shutil.copy(name, RESULTS)
        shutil.move(f"{RESULTS}/seed{SEED}/metrics.json", RESULTS + "/metrics.json")
        made_from = Path(f"{RESULTS}/seed{SEED}/provenance.json")
        provenance = read_json(made_from) | {"commit": commit()}
        write_json(made_from, provenance)
        write_json(output.provenance, provenance | {"run_time_s": run_time})


rule repeat:
    """Every model trained and judged again with another seed; the results go beside the committed ones."""
    input:
        STAGES["events"],
        STAGES["training"],
        STAGES["evaluation"],
    output:
        provenance=f"{GENERATED}/{PROFILE}-seed{{number}}{SUFFIX}/repeated.json",
    params:
        results=lambda wildcards: f"{RESULTS}/seed{wildcards.number}",
    log:
        f"{GENERATED}/{PROFILE}-seed{{number}}{SUFFIX}/logs/repeat.log",
    run:
        shell(
            "{sys.executable} -m snlib evaluate {RUN_OPTIONS} {SOURCE} --seed {wildcards.number} "
            "--out {params.results} > {log} 2>&1"
        )
        Path(params.results, "metrics.json").unlink()
        made_from = Path(params.results, "provenance.json")
        for name in (made_from, output.provenance):
            write_json(name, read_json(made_from) | {"commit": commit()})


rule repeats:
    input:
        REPEATS,


rule ablation:
    """The MMVAE with one change, trained and judged."""
    input:
        STAGES["events"],
        STAGES["training"],
        modules("ablations", "posteriors", "evaluation"),
    output:
        f"{GENERATED}/{PROFILE}-seed{{number}}/ablations/{{ablation}}-result.json",
    log:
        f"{GENERATED}/{PROFILE}-seed{{number}}/logs/{{ablation}}.log",
    shell:
        "{sys.executable} -m snlib ablate {wildcards.ablation} {RUN_OPTIONS} --seed {wildcards.number} > {log} 2>&1"


rule ablations:
    input:
        expand(rules.ablation.output, ablation=ABLATIONS, number=SEEDS),
    run:
        with replacing(f"{RESULTS}/ablations.csv") as temporary:
            read_ablations(input).to_csv(temporary, index=False, float_format="%.4g")


rule versus:
    input:
        modules("files", "ablations", "evaluation", "plotting", "plot_ablations"),
        ["data/results/quick/ablations.csv", "data/results/cpu/ablations.json"],
        "data/results/full_length/spectra.csv",
        notebook="notebooks/16_paper_vs_code.ipynb",
    output:
        chapter=f"{RUN}/chapters/16_paper_vs_code.ipynb",
    log:
        **logs("16_paper_vs_code"),
    shell:
        EXECUTE


# Chapters that read committed results and use the weights that come with the repository.
SHIPPED = ["data/results/large/intervals.csv", *glob("data/weights/large/*")]
READING = {
    "17_intervals": (SHIPPED, ["forecast", "calibration", "plot_intervals"]),
    "18_inversion": (
        [*SHIPPED, "data/results/h100/gap.json", "data/results/full_length/spectra.csv"],
        ["forecast", "inversion", "evaluation", "plot_gap"],
    ),
    "19_real_models": (glob("data/results/published_sample/real*"), ["real_scores", "real_results", "plot_real"]),
    "20_early": ([*SHIPPED, "data/results/large/early.csv"], ["forecast", "early", "plot_early"]),
    "21_your_light_curves": (SHIPPED, ["forecast", "light_curve_files", "prediction", "cli"]),
    "22_gpu": (
        [
            "data/results/h100/training.json",
            *glob("data/results/h200/*.json"),
            "data/results/full_length/cpu.csv",
            *glob("data/weights/full/*.csv"),
        ],
        ["race", "recipes", "plot_training"],
    ),
}

for CHAPTER, (RESULTS_READ, MODULES_USED) in READING.items():

    rule:
        name:
            f"read_{CHAPTER}"
        input:
            RESULTS_READ,
            modules("files", "plotting", *MODULES_USED),
            f"{RUN}/events.npz",
            notebook=f"notebooks/{CHAPTER}.ipynb",
        output:
            chapter=f"{RUN}/chapters/{CHAPTER}.ipynb",
        log:
            **logs(CHAPTER),
        shell:
            EXECUTE


rule ship:
    """The default weights and what they are worth; for a GPU."""
    shell:
        "{sys.executable} -m snlib ship --device {DEVICE}"


rule real:
    """Every method judged by the published real models; for a GPU."""
    shell:
        "{sys.executable} -m snlib real {SOURCE} --device {DEVICE}"
