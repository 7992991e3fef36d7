"""``python -m fretscribe``: the command, also where the folder of installed scripts is not on the path."""

from fretscribe.cli.__main__ import main

if __name__ == "__main__":
    main()
