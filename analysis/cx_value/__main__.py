"""``python -m cx_value``: see :mod:`cx_value.cli`."""

import sys

if __name__ == "__main__":
    try:
        from cx_value.cli import main
    except ModuleNotFoundError as missing:
        sys.exit(
            f"The package {missing.name} is not installed for {sys.executable} · do: run "
            "'make setup' once, then '. .venv/bin/activate' (Windows: .venv\\Scripts\\activate)"
        )
    main()
