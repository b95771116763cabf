"""Small files to attach, made on the spot."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from PIL import Image

_NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def image(kind: str = "PNG", **options: Any) -> bytes:
    """Return a small blue picture."""
    file = io.BytesIO()
    Image.new("RGB", (32, 24), (90, 120, 220)).save(file, kind, **options)
    return file.getvalue()


def docx(text: str, header: str = "") -> bytes:
    """Return a Word document with one paragraph, and one in its header where asked for."""
    return word_file(_paragraph(text), header=f"<w:hdr {_NAMES}>{_paragraph(header)}</w:hdr>")


def word_file(body: str, method: int = zipfile.ZIP_STORED, **parts: str) -> bytes:
    """Return a Word document with this XML as its body, and further parts by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {_NAMES}><w:body>{body}</w:body></w:document>"
        )
        for name, xml in parts.items():
            archive.writestr(f"word/{name}1.xml", xml)
    return file.getvalue()


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def pdf(text: str) -> bytes:
    """Return a PDF of one page; no text leaves it as empty as a scan."""
    content = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET" if text else ""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = "%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()
