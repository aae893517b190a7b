"""From notebooks/ to book/chapters/ and data/results/; run by `make book`.

A run keeps everything in data/generated/<profile>-seed<seed>[-published]/.  The device is no part
of names or parameters: changing it makes nothing out of date.  Events and weights are outputs to
update, so a notebook executed again for its text or figures finds them and trains nothing.
"""

import json
import os
import shutil
import subprocess
import sys
from glob import glob
from pathlib import Path
from shlex import quote

from snlib.files import read_json, write_json
from snlib.notebooks import without_progress
from snlib.stages import STAGES

PROFILE = config.setdefault("profile", "quick")
SEED = config.setdefault("seed", 0)
DEVICE = config.setdefault("device", "auto")
PUBLISHED = os.path.abspath(config["published_sample"]) if config.get("published_sample") else ""

SUFFIX = "-published" if PUBLISHED else ""
RUN = f"{os.environ.get('SNLIB_GENERATED', 'data/generated')}/{PROFILE}-seed{SEED}{SUFFIX}"
RESULTS = f"data/results/{PROFILE}{SUFFIX}"
TRAINED = {
    "05_mmvae": ["mmvae"],
    "06_vae": ["spectrum-vae", "photometry-vae"],
    "07_contrastive": ["contrastive"],
    "08_parameters": ["photometry-regressor", "spectrum-regressor"],
}
COMPUTED = ("01_data", "02_light_curves", "03_transceiver", "04_objective", *TRAINED, "10_cross_modal")

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
    names = [f"{RUN}/{model}-{recipe}" for model in TRAINED[chapter] for recipe in ("paper", "improved")]
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
        f"{RESULTS}/metrics.json",
        cover=f"{RUN}/light_curve_to_spectrum.png",
        chapters=[f"{RUN}/chapters/{Path(name).name}" for name in sorted(glob("notebooks/[0-9]*.ipynb"))],
    run:
        contents = {f"chapters/{Path(name).name}": public(name).encode() for name in input.chapters}
        contents["images/light_curve_to_spectrum.png"] = Path(input.cover).read_bytes()
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
            # Its small networks are fitted to embeddings by these.
            [*weights("05_mmvae"), *weights("07_contrastive")] if CHAPTER == "08_parameters" else [],
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


rule generation:
    input:
        STAGES["evaluation"],
        f"{RUN}/events.npz",
        weights("05_mmvae"),
        notebook="notebooks/10_cross_modal.ipynb",
    output:
        f"{RUN}/metrics.json",
        f"{RUN}/provenance.json",
        f"{RUN}/light_curve_to_spectrum.png",
        chapter=f"{RUN}/chapters/10_cross_modal.ipynb",
    log:
        **logs("10_cross_modal"),
    shell:
        EXECUTE


rule results:
    """Copy the results, and say which commit made them and how long each chapter took."""
    input:
        metrics=f"{RUN}/metrics.json",
        provenance=f"{RUN}/provenance.json",
        cover=f"{RUN}/light_curve_to_spectrum.png",
        chapters=[f"{RUN}/chapters/{name}.ipynb" for name in COMPUTED],
    output:
        metrics=f"{RESULTS}/metrics.json",
        provenance=f"{RESULTS}/provenance.json",
        cover=f"{RESULTS}/light_curve_to_spectrum.png",
    run:
        git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
        # Results are being replaced at this moment: only what makes them counts as changed.
        changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "snlib", "notebooks", "Snakefile"]).returncode
        executed = {Path(name).stem: read_json(name)["metadata"]["papermill"] for name in input.chapters}
        run_time = {name: round(run["duration"], 1) for name, run in executed.items()}
        shutil.copy(input.metrics, output.metrics)
        shutil.copy(input.cover, output.cover)
        write_json(output.provenance, read_json(input.provenance) | {"commit": git.stdout.strip() + ("-dirty" if changed else ""), "run_time_s": run_time})


rule real:
    input:
        modules("files", "plotting"),
        {*glob("data/results/*-published/metrics.json"), *([f"{RESULTS}/metrics.json"] if PUBLISHED else [])},
        notebook="notebooks/11_real_models.ipynb",
    output:
        chapter=f"{RUN}/chapters/11_real_models.ipynb",
    log:
        **logs("11_real_models"),
    shell:
        EXECUTE


rule gpu:
    input:
        modules("files", "recipes", "plotting", "plot_training"),
        glob("data/results/h200/*.json"),
        notebook="notebooks/12_gpu.ipynb",
    output:
        chapter=f"{RUN}/chapters/12_gpu.ipynb",
    log:
        **logs("12_gpu"),
    shell:
        EXECUTE
