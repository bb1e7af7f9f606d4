"""Write records out exactly as they are sent: `<NIF>/<000001>.xml`, in chain order."""

from collections.abc import Iterable
from pathlib import Path

from verifactu.models import Installation, Record


def export_records(installations: Iterable[Installation], folder: Path) -> int:
    """Write every record of the chains into `folder` and return how many; files that are there are replaced.

    One RegistroAlta or RegistroAnulacion a file, numbered by its place in the chain. A taxpayer's second chain in
    the same folder goes on in a folder of its own, named after its installation.
    """
    written = 0
    seen: set[str] = set()
    for installation in installations:
        nif = installation.taxpayer.nif
        target = folder / (nif if nif not in seen else f"{nif}-{installation.numero}")
        seen.add(nif)
        target.mkdir(parents=True, exist_ok=True)
        records = Record.objects.filter(installation=installation).order_by("seq").values_list("seq", "xml")
        for seq, xml in records.iterator(chunk_size=1000):
            (target / f"{seq:06d}.xml").write_bytes(xml.encode())
            written += 1
    return written
