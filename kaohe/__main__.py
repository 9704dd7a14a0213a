"""``python -m kaohe`` is ``kaohe``."""

from kaohe.cli import main

main()
