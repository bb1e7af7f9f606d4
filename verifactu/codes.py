"""The AEAT's closed lists: code, Spanish name, and where the list stands.

A member is its code (`TipoFactura.F2 == "F2"`) and knows its name (`TipoFactura.F2.nombre`). Sources: "Diseños de
registro" 1.0 (28/10/2024), whose list numbers L1, L2… are given, and the regimes of "Validaciones y errores" 1.2.2.
"""

from enum import StrEnum
from typing import Self


class _Lista(StrEnum):
    nombre: str

    def __new__(cls, code: str, nombre: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.nombre = nombre
        return member


class Impuesto(_Lista):
    """L1: the tax of a breakdown line; absent means IVA. There is no 04."""

    IVA = "01", "Impuesto sobre el Valor Añadido"
    IPSI = "02", "Impuesto sobre la Producción, los Servicios y la Importación (Ceuta y Melilla)"
    IGIC = "03", "Impuesto General Indirecto Canario"
    OTROS = "05", "Otros"


class TipoFactura(_Lista):
    """L2: the kind of invoice (RD 1619/2012, LIVA art. 80)."""

    F1 = "F1", "Factura completa (arts. 6, 7.2 y 7.3 del RD 1619/2012)"
    F2 = "F2", "Factura simplificada, o sin identificación del destinatario (art. 6.1.d del RD 1619/2012)"
    F3 = "F3", "Factura en sustitución de facturas simplificadas ya expedidas y declaradas"
    R1 = "R1", "Factura rectificativa: error fundado en derecho y art. 80.Uno, Dos y Seis LIVA"
    R2 = "R2", "Factura rectificativa: concurso del cliente, art. 80.Tres LIVA"
    R3 = "R3", "Factura rectificativa: crédito incobrable, art. 80.Cuatro LIVA"
    R4 = "R4", "Factura rectificativa: otras causas"
    R5 = "R5", "Factura rectificativa de facturas simplificadas"

    @property
    def rectificativa(self) -> bool:
        """Whether it corrects other invoices."""
        return self.value.startswith("R")


class TipoRectificativa(_Lista):
    """L3: how a corrective invoice states its figures."""

    S = "S", "Por sustitución"
    I = "I", "Por diferencias"  # noqa: E741 (the AEAT's own letter)


class EmitidaPor(_Lista):
    """EmitidaPorTerceroODestinatario: who issued the invoice in fact, when it was not the taxpayer."""

    T = "T", "Tercero"
    D = "D", "Destinatario"


class GeneradoPor(_Lista):
    """GeneradoPor: who made the anulación."""

    E = "E", "Expedidor"
    D = "D", "Destinatario"
    T = "T", "Tercero"


class IDType(_Lista):
    """L7: what kind of identity IDOtro holds. There is no 01: a Spanish NIF has its own element."""

    NIF_IVA = "02", "NIF-IVA"
    PASAPORTE = "03", "Pasaporte"
    ID_PAIS_RESIDENCIA = "04", "Documento oficial del país de residencia"
    CERTIFICADO_RESIDENCIA = "05", "Certificado de residencia"
    OTRO_DOCUMENTO = "06", "Otro documento probatorio"
    NO_CENSADO = "07", "No censado"


class ClaveRegimenIVA(_Lista):
    """L8A: the regime when the tax is IVA."""

    GENERAL = "01", "Régimen general"
    EXPORTACION = "02", "Exportación"
    REBU = "03", "Bienes usados, objetos de arte, antigüedades y objetos de colección"
    ORO_INVERSION = "04", "Oro de inversión"
    AGENCIAS_VIAJES = "05", "Agencias de viajes"
    GRUPO_ENTIDADES = "06", "Grupo de entidades (nivel avanzado)"
    CRITERIO_CAJA = "07", "Criterio de caja"
    IPSI_IGIC = "08", "Operaciones sujetas a IPSI o IGIC"
    AGENCIAS_MEDIADORAS = "09", "Servicios de agencias de viajes como mediadoras (d.a. 4.ª RD 1619/2012)"
    COBROS_POR_CUENTA_DE_TERCEROS = "10", "Cobros por cuenta de terceros"
    ARRENDAMIENTO_LOCAL = "11", "Arrendamiento de local de negocio"
    CERTIFICACIONES_OBRA = "14", "IVA pendiente de devengo en certificaciones de obra a la Administración"
    TRACTO_SUCESIVO = "15", "IVA pendiente de devengo en operaciones de tracto sucesivo"
    OSS_IOSS = "17", "Regímenes de ventanilla única (OSS e IOSS)"
    RECARGO_EQUIVALENCIA = "18", "Recargo de equivalencia"
    REAGYP = "19", "Agricultura, ganadería y pesca"
    SIMPLIFICADO = "20", "Régimen simplificado"


class ClaveRegimenIGIC(_Lista):
    """L8B: the regime when the tax is IGIC."""

    GENERAL = "01", "Régimen general"
    EXPORTACION = "02", "Exportación"
    REBU = "03", "Bienes usados, objetos de arte, antigüedades y objetos de colección"
    ORO_INVERSION = "04", "Oro de inversión"
    AGENCIAS_VIAJES = "05", "Agencias de viajes"
    GRUPO_ENTIDADES = "06", "Grupo de entidades (nivel avanzado)"
    CRITERIO_CAJA = "07", "Criterio de caja"
    IPSI_IVA = "08", "Operaciones sujetas a IPSI o IVA"
    AGENCIAS_MEDIADORAS = "09", "Servicios de agencias de viajes como mediadoras"
    COBROS_POR_CUENTA_DE_TERCEROS = "10", "Cobros por cuenta de terceros"
    ARRENDAMIENTO_LOCAL = "11", "Arrendamiento de local de negocio"
    CERTIFICACIONES_OBRA = "14", "IGIC pendiente de devengo en certificaciones de obra a la Administración"
    TRACTO_SUCESIVO = "15", "IGIC pendiente de devengo en operaciones de tracto sucesivo"
    COMERCIANTE_MINORISTA = "17", "Comerciante minorista"
    PEQUENO_EMPRESARIO = "18", "Pequeño empresario o profesional"
    EXENTA_ART_25 = "19", "Operaciones interiores exentas (art. 25 de la Ley 19/1994)"
    IPSI = "20", "Operaciones sujetas a IPSI"
    SIMPLIFICADO = "21", "Régimen simplificado"


class ClaveRegimenIPSI(_Lista):
    """The regime when the tax is IPSI ("Validaciones y errores" 1.2.2; verifactu.md 3.1)."""

    GENERAL = "01", "Régimen general"
    IGIC_IVA = "08", "Operaciones sujetas a IGIC o IVA"
    ARRENDAMIENTO_LOCAL = "11", "Arrendamiento de local de negocio"
    ORDENANZA_CEUTA = "18", "Ordenanza de Ceuta, art. 73, apartados 4 y 5"
    EXENTA = "19", "Operaciones interiores exentas"
    ESTIMACION_OBJETIVA = "20", "Estimación objetiva"


REGIMENES: dict[str, frozenset[str]] = {
    Impuesto.IVA: frozenset(ClaveRegimenIVA),
    Impuesto.IPSI: frozenset(ClaveRegimenIPSI),
    Impuesto.IGIC: frozenset(ClaveRegimenIGIC),
    Impuesto.OTROS: frozenset(),
}
"""Which regimes a tax knows; with 05 the element must be absent."""


class CalificacionOperacion(_Lista):
    """L9: subject or not, and who charges the tax."""

    S1 = "S1", "Sujeta y no exenta, sin inversión del sujeto pasivo"
    S2 = "S2", "Sujeta y no exenta, con inversión del sujeto pasivo"
    N1 = "N1", "No sujeta (arts. 7 y 14 LIVA y otros)"
    N2 = "N2", "No sujeta por reglas de localización"


class OperacionExenta(_Lista):
    """L10: why an operation is exempt; the names are those of IVA, E7 and E8 exist for IGIC only."""

    E1 = "E1", "Exenta por el art. 20 LIVA"
    E2 = "E2", "Exenta por el art. 21 LIVA (exportaciones)"
    E3 = "E3", "Exenta por el art. 22 LIVA"
    E4 = "E4", "Exenta por los arts. 23 y 24 LIVA"
    E5 = "E5", "Exenta por el art. 25 LIVA (entregas intracomunitarias)"
    E6 = "E6", "Exenta por otra causa"
    E7 = "E7", "Exenta de IGIC por el art. 90 del Decreto Legislativo 1/2025"
    E8 = "E8", "Exenta de IGIC por otra causa de la Ley 20/1991"


class RechazoPrevio(_Lista):
    """RechazoPrevio of an alta; an anulación knows S and N only."""

    N = "N", "Sin rechazo previo"
    S = "S", "La corrección anterior fue rechazada y la factura consta en la AEAT"
    X = "X", "La factura no consta en la AEAT"


class TipoHuella(_Lista):
    """TipoHuella: the algorithm of the fingerprint."""

    SHA256 = "01", "SHA-256"


class TipoOperacion(_Lista):
    """TipoOperacion: which kind of record a line of an answer speaks of."""

    ALTA = "Alta", "Alta"
    ANULACION = "Anulacion", "Anulación"


class EstadoEnvio(_Lista):
    """EstadoEnvio: the sum of the verdicts of one submission."""

    CORRECTO = "Correcto", "Todos los registros son correctos"
    PARCIALMENTE_CORRECTO = "ParcialmenteCorrecto", "Algún registro es incorrecto o se aceptó con errores"
    INCORRECTO = "Incorrecto", "Todos los registros son incorrectos"


class EstadoRegistro(_Lista):
    """EstadoRegistro: the verdict on one record."""

    CORRECTO = "Correcto", "Aceptado"
    ACEPTADO_CON_ERRORES = "AceptadoConErrores", "Aceptado con errores: consta y debe revisarse"
    INCORRECTO = "Incorrecto", "Rechazado: no consta en la AEAT"


class EstadoRegistroAlmacenado(_Lista):
    """The state of a record that the AEAT already holds (query, and RegistroDuplicado in its feminine)."""

    CORRECTO = "Correcto", "Consta sin errores"
    ACEPTADO_CON_ERRORES = "AceptadoConErrores", "Consta con errores"
    ANULADO = "Anulado", "Consta anulado"


_PAISES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FK FM
    FO FR GA GB GD GE GG GH GI GL GM GN GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM
    MN MO MP MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR
    PS PT PW PY QA QU RE RO RS RU RW SA SB SC SD SE SG SH SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XB XG XN XU YE YT ZA ZM
    ZW
"""
PAISES = frozenset(_PAISES.split())
"""CodigoPais: the 246 countries that a record may name (the same list as in schemas/listas.xsd)."""

PAIS_MATRIZ = {"AX": "FI", "BL": "FR", "GF": "FR", "GP": "FR", "MF": "FR", "MQ": "FR", "SJ": "NO"}
"""ISO codes that the AEAT's list lacks, and the state they belong to (verifactu.md 3)."""
