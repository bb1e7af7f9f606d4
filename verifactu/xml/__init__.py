"""The AEAT's XML, both ways. Nothing else in the product parses or writes it.

write.py            a record, a submission, a query            -> text
read.py             the same, as their receiver reads them     <- text
read_answers.py     the AEAT's answers and faults              <- text
write_answers.py    the AEAT's side, for the simulator         -> text
check.py            shape, by the schemas of verifactu/schemas
messages.py         the values that answers and queries become
elements.py nodes.py parser.py namespaces.py    what the five above stand on
"""

from verifactu.xml.check import body_errors, schema_errors
from verifactu.xml.messages import (
    Consulta,
    DatosRegistroFacturacion,
    Envio,
    Fault,
    Operacion,
    RegistroConsultado,
    RegistroDuplicado,
    RespuestaConsulta,
    RespuestaLinea,
    RespuestaSuministro,
)
from verifactu.xml.read import read_consulta, read_envio, read_registro
from verifactu.xml.read_answers import parse_consulta, parse_fault, parse_respuesta
from verifactu.xml.write import consulta, envelope, fragment
from verifactu.xml.write_answers import fault, respuesta, respuesta_consulta

__all__ = [
    "Consulta",
    "DatosRegistroFacturacion",
    "Envio",
    "Fault",
    "Operacion",
    "RegistroConsultado",
    "RegistroDuplicado",
    "RespuestaConsulta",
    "RespuestaLinea",
    "RespuestaSuministro",
    "body_errors",
    "consulta",
    "envelope",
    "fault",
    "fragment",
    "parse_consulta",
    "parse_fault",
    "parse_respuesta",
    "read_consulta",
    "read_envio",
    "read_registro",
    "respuesta",
    "respuesta_consulta",
    "schema_errors",
]
