"""Targets for maintainers: they fill the published places, tracked by git.  Included by the Snakefile."""

from snlib.replication.pipeline import relative
from snlib.replication.stages import sources

RESULTS = f"data/results/{PROFILE}{SUFFIX}"
CODE = relative(sources("events") + sources("training") + sources("evaluation"))


wildcard_constraints:
    ablation=r"[\w-]+",
    number=r"\d+",


def every_ablation(wildcards):
    from snlib.replication.ablations import ABLATIONS

    return expand(rules.ablation.output, ablation=ABLATIONS, number=range(GIVEN.n_seeds))


rule publish:
    """The run becomes the published one: book/chapters, the cover, the claims, data/results, its record."""
    input:
        rules.book.output,
    run:
        from snlib.replication import crate, publishing, seeds
        from snlib.replication.run import open_run

        publishing.publish(RUN, EXECUTED, publishing.public_names(PUBLISHED, GENERATED), RESULTS)
        seeds.commit_run(open_run(PROFILE, DEVICE, SEED, PUBLISHED))
        crate.write(PROFILE + SUFFIX)


rule repeats:
    """Every model trained and judged with all seeds of the profile; the results are committed."""
    input:
        CODE,
    output:
        touch(f"{RUN}/repeated"),
    shell:
        "{PYTHON} -m snlib.replication.seeds {PROFILE} --device {DEVICE} --seed {SEED} {SOURCE}"


rule ablation:
    """The MMVAE with one change, trained and judged."""
    input:
        CODE,
    output:
        f"{GENERATED}/{PROFILE}-seed{{number}}/ablations/{{ablation}}-result.json",
    log:
        f"{GENERATED}/{PROFILE}-seed{{number}}/logs/{{ablation}}.log",
    shell:
        "{PYTHON} -m snlib ablate {wildcards.ablation} --profile {PROFILE} --device {DEVICE} "
        "--seed {wildcards.number} > {log:q} 2>&1"


rule ablations:
    input:
        every_ablation,
    run:
        from snlib.files import replacing
        from snlib.replication.ablations import read_ablations

        with replacing(f"{RESULTS}/ablations.csv") as temporary:
            read_ablations(input).to_csv(temporary, index=False, float_format="%.4g")


rule weights:
    """The default weights and what they are worth; for a GPU."""
    shell:
        "{PYTHON} -m snlib ship --device {DEVICE}"


rule real:
    """Every method judged by the published real models; for a GPU."""
    shell:
        "{PYTHON} -m snlib real --published-sample {PUBLISHED:q} --device {DEVICE}"
