"""Write the cards of everything that is shipped, and the page of the book that shows them.

python -m snlib.replication.cards

From committed files only: to be run when weights, the surrogate or results of either have been replaced.
"""

from snlib.files.places import DATA
from snlib.files.writing import replacing
from snlib.inference.shipped import OBSERVED_WEIGHTS
from snlib.replication.data_card import data_card
from snlib.replication.joint_card import joint_card
from snlib.replication.model_card import model_card

__all__ = ["cards", "files", "write_cards"]

_PAGE = """# Model and data cards

The repository ships sets of trained weights and the coefficients of the surrogate of the simulations. Each
has a card that says what it is, what it may be used for, how it was made, how accurate it is and where it
fails. The cards have the form of Hugging Face model and dataset cards. In the repository they are the files
{places}, which begin with metadata in YAML, for machines.

"""


def cards(data=DATA):
    """The cards of all shipped weights and of the surrogate.

    Parameters
    ----------
    data : pathlib.Path
        A folder like ``data`` of the repository.

    Returns
    -------
    dict of pathlib.Path to snlib.replication.card.Card
        By the file that each belongs in: ``weights/<set>/README.md``, which Hugging Face shows if that folder
        is uploaded as a repository, and ``surrogate.README.md``, since ``README.md`` there is of all data.
    """
    sets = sorted({path.parent for path in (data / "weights").glob("*/*.safetensors")})
    card_of = {OBSERVED_WEIGHTS.parent.name: joint_card}
    models = {folder / "README.md": card_of.get(folder.name, model_card)(folder) for folder in sets}
    return models | {data / "surrogate.README.md": data_card(data / "surrogate.npz")}


def files(data=DATA):
    """The text of every card, and of the book's page of them.  Runs copy that page, so it includes no file.

    Returns
    -------
    dict of pathlib.Path to str
    """
    every = cards(data)
    places = ", ".join(f"`{path.relative_to(data.parent).as_posix()}`" for path in every)
    page = _PAGE.format(places=places) + "\n".join(card.markdown(2) for card in every.values())
    texts = {path: card.readme() for path, card in every.items()}
    return texts | {data.parent / "book" / "cards.md": page}


def write_cards():
    """Write all of them."""
    for path, text in files().items():
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_cards()
