"""QR codes as a matrix of dark and light, drawn as SVG or as a PNG picture."""

import io

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

Matrix = list[list[bool]]
QUIET = 4  # modules of white around the code that readers need


def matrix(text: str) -> Matrix:
    """Rows of modules, dark ones true, with the quiet zone around them."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    modules: Matrix = code.get_matrix()
    return modules


def svg(text: str) -> str:
    """The code as an SVG document that scales to any size."""
    modules = matrix(text)
    size = len(modules)
    path = "".join(
        f"M{start},{row}h{length}v1h-{length}z" for row, line in enumerate(modules) for start, length in dark_runs(line)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0,0h{size}v{size}h-{size}z"/><path d="{path}"/></svg>'
    )


def png(text: str, module_px: int = 8) -> bytes:
    """The code as a PNG picture in black and white, with ``module_px`` pixels a module."""
    modules = matrix(text)
    size = len(modules)
    picture = Image.new("1", (size, size))
    picture.putdata([0 if dark else 1 for line in modules for dark in line])
    drawn = io.BytesIO()
    picture.resize((size * module_px, size * module_px), Image.Resampling.NEAREST).save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def dark_runs(line: list[bool]) -> list[tuple[int, int]]:
    """The dark stretches of a row as (start, length)."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(line):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((place, 1))
    return runs
