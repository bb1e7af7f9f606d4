"""The namespaces of the contract. They name production and no version, in the test environment too."""

_BASE = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"

SUMINISTRO = _BASE + "SuministroLR.xsd"
INFORMACION = _BASE + "SuministroInformacion.xsd"
RESPUESTA = _BASE + "RespuestaSuministro.xsd"
CONSULTA = _BASE + "ConsultaLR.xsd"
RESPUESTA_CONSULTA = _BASE + "RespuestaConsultaLR.xsd"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
