"""Light curves of whole surveys, partition by partition, on any number of workers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "running": ["Cluster"],
        "surveys": ["is_survey", "run_survey", "run_survey_or_table"],
        "tasks": ["Embedding", "Summary"],
    },
)
