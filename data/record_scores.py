"""Record what each committed set of weights gives on a few test events, without random numbers.

python data/record_scores.py

Writes weights/<set>/scores.csv beside this file, and the cards, which need it.  To be run when weights are
replaced, never because the code gives something else from the same weights: that is what the recorded scores
are there to find.
"""

from snlib.files import DATA, replacing
from snlib.replication.cards import write_cards
from snlib.replication.recorded_scores import set_scores

for folder in sorted((DATA / "weights").iterdir()):
    scores = set_scores(folder)
    with replacing(folder / "scores.csv") as temporary:
        scores.to_csv(temporary, index=False, float_format="%.6f")
write_cards()
