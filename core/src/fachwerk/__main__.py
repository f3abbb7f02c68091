"""``python -m fachwerk``: the command without its script."""

from fachwerk.cli import main

if __name__ == "__main__":
    main()
