"""Makes the pictures of the explorer's page: `make screenshots`.

Usage: python -m explore.screenshots PAGE FOLDER
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from explore.driving import Driven, a_browser

GAP = "#barrier=withdraw-leaves-gap&size=3-3-plain"
PICTURES = {
    "explore-light": ("#barrier=ours&size=3-3-action&run=c1.a1.c2.a2.c3.a3", "light", (1440, 1480)),
    "explore-dark": (
        "#barrier=cpython&size=3-3-plain&run=c1.c2.c3.a3.a2.w3.c3.a3",
        "dark",
        (1440, 1620),
    ),
    "explore-phone": ("#barrier=ours&size=2-2-plain&run=c1.a1", "light", (360, 1200)),
    "explore-solved": (GAP, "light", (1440, 1620)),
}
"""Of each picture, the address, the colours and the size."""


def main(page: Path, folder: Path) -> None:
    """Take every picture. In the last one the solution of the challenge is shown."""
    folder.mkdir(parents=True, exist_ok=True)
    with a_browser() as browser:
        for name, (fragment, scheme, size) in PICTURES.items():
            with Driven(browser, page.resolve(), fragment, scheme=scheme, size=size) as driven:
                if name == "explore-solved":
                    driven.tab.click("#solve")
                driven.tab.mouse.move(0, 0)
                taken = driven.tab.screenshot(animations="disabled")
            # Few colours are used, and fewer are seen: a palette takes a third of the bytes.
            picture = (
                Image.open(BytesIO(taken)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
            )
            picture.save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
