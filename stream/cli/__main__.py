"""`python -m stream.cli`: the same as `overdue`, for the interpreter at hand."""

from stream.cli.app import main

if __name__ == "__main__":
    main()
