"""``python -m snlib``."""

from snlib.cli import main

if __name__ == "__main__":
    main()
