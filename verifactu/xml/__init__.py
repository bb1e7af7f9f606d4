"""The AEAT's XML, as its clients write and read it. Nothing else on our side of the wire does either.

The simulator, which plays the AEAT, has its own, so that one mistake is not made on both sides.

- write.py: a record, a submission, a query into text
- read.py: a stored record into values
- read_answers.py: the AEAT's answers and faults into values
- check.py: shape, by the schemas of verifactu/schemas
- messages.py: the values that answers and queries become
- elements.py, nodes.py, parser.py, namespaces.py: what the others stand on
"""

from verifactu.xml.check import body_errors, schema_errors, wrong_fragments
from verifactu.xml.messages import (
    Consulta,
    DatosRegistroFacturacion,
    Fault,
    FiltroSistema,
    Operacion,
    RangoFechaExpedicion,
    RegistroConsultado,
    RegistroDuplicado,
    RespuestaConsulta,
    RespuestaLinea,
    RespuestaSuministro,
)
from verifactu.xml.read import read_chained, read_registro
from verifactu.xml.read_answers import parse_consulta, parse_fault, parse_respuesta
from verifactu.xml.write import consulta, envelope, fragment

__all__ = [
    "Consulta",
    "DatosRegistroFacturacion",
    "Fault",
    "FiltroSistema",
    "Operacion",
    "RangoFechaExpedicion",
    "RegistroConsultado",
    "RegistroDuplicado",
    "RespuestaConsulta",
    "RespuestaLinea",
    "RespuestaSuministro",
    "body_errors",
    "consulta",
    "envelope",
    "fragment",
    "parse_consulta",
    "parse_fault",
    "parse_respuesta",
    "read_chained",
    "read_registro",
    "schema_errors",
    "wrong_fragments",
]
