"""The provinces by the first two figures of a postcode, which are the INE's codes (RD 1461/2011 names some anew)."""

PROVINCES = dict(
    enumerate(
        (
            "Álava", "Albacete", "Alicante", "Almería", "Ávila", "Badajoz", "Illes Balears", "Barcelona", "Burgos",
            "Cáceres", "Cádiz", "Castellón", "Ciudad Real", "Córdoba", "A Coruña", "Cuenca", "Girona", "Granada",
            "Guadalajara", "Gipuzkoa", "Huelva", "Huesca", "Jaén", "León", "Lleida", "La Rioja", "Lugo", "Madrid",
            "Málaga", "Murcia", "Navarra", "Ourense", "Asturias", "Palencia", "Las Palmas", "Pontevedra", "Salamanca",
            "Santa Cruz de Tenerife", "Cantabria", "Segovia", "Sevilla", "Soria", "Tarragona", "Teruel", "Toledo",
            "Valencia", "Valladolid", "Bizkaia", "Zamora", "Zaragoza", "Ceuta", "Melilla",
        ),
        1,
    )
)  # fmt: skip


def province_of(postal_code: str) -> str:
    """Return the province of a Spanish postcode, empty for what is none.

    >>> province_of("28004"), province_of("35002"), province_of("99000"), province_of("2800")
    ('Madrid', 'Las Palmas', '', '')
    """
    whole = len(postal_code) == 5 and postal_code.isascii() and postal_code.isdigit()
    return PROVINCES.get(int(postal_code[:2]), "") if whole else ""
