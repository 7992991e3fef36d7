"""The one door for people: the ``fretscribe`` command. Only this floor prints and exits."""
