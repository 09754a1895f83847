"""`python -m dcms`."""

from dcms.cli import main

if __name__ == "__main__":
    main()
