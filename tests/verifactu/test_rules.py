"""The AEAT's validations, one row each: what is changed in a sound record, and the codes that VAL and ERR name for it.

The expectations are those of "Validaciones y errores" 1.2.2 and the list of codes of 30/07/2026.
"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.verifactu import examples as ex
from tests.verifactu.examples import ALTA, ANULACION, AT_21, CLIENTE, KUNDE, SIMPLIFIED, VIAJERA
from verifactu.huella import sealed
from verifactu.records import (
    DetalleDesglose,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    RegistroAlta,
    RegistroAnulacion,
    RemisionRequerimiento,
    RemisionVoluntaria,
)
from verifactu.rules import check, check_header, nif_problem, warnings
from verifactu.rules.messages import MESSAGES

TODAY = date(2027, 1, 2)


def who(nif: str = "", **other: str) -> PersonaFisicaJuridica:
    return PersonaFisicaJuridica(NombreRazon="X", NIF=nif, IDOtro=IDOtro(**other) if other else None)


def line(**changes: str) -> tuple[DetalleDesglose, ...]:
    return (replace(AT_21, **changes),)


def bare(**changes: str) -> tuple[DetalleDesglose, ...]:
    """A line without rate nor tax."""
    cleared = {"CalificacionOperacion": "", "TipoImpositivo": "", "CuotaRepercutida": ""}
    return line(**{**cleared, **changes})


def issued(day: str, number: str = "A/1") -> Any:
    return replace(ALTA.IDFactura, FechaExpedicionFactura=day, NumSerieFactura=number)


REPLACED = ImporteRectificacion(BaseRectificada="100.00", CuotaRectificada="21.00")
EXEMPT = bare(OperacionExenta="E1")
NO_TAX = {"CuotaTotal": "0.00", "ImporteTotal": "100.00"}
R1 = {"TipoFactura": "R1", "TipoRectificativa": "I"}
PUBLIC = (who("P2800000A"),)  # shape only: its control is a warning


def surcharge(rate: str, cuota: str, extra: str, extra_cuota: str, day: str) -> dict[str, Any]:
    """An F1 of one line with recargo, operated on the day given and issued on 02-01-2027."""
    taxes = float(cuota) + float(extra_cuota)
    return {
        "FechaOperacion": day,
        "Desglose": line(
            TipoImpositivo=rate, CuotaRepercutida=cuota, TipoRecargoEquivalencia=extra,
            CuotaRecargoEquivalencia=extra_cuota,
        ),
        "CuotaTotal": f"{taxes:.2f}",
        "ImporteTotal": f"{100 + taxes:.2f}",
    }  # fmt: skip


SOUND: list[tuple[str, dict[str, Any]]] = [
    ("F1", {}),
    ("F1 to an EU company", {"Destinatarios": (KUNDE,)}),
    ("F1 to a traveller with passport", {"Destinatarios": (VIAJERA,)}),
    ("F1 to someone missing in the census",
     {"Destinatarios": (who(CodigoPais="ES", IDType="07", ID="89890002E"),)}),
    ("F2", {"TipoFactura": "F2", "Destinatarios": ()}),
    ("F2 at the limit", {"TipoFactura": "F2", "Destinatarios": (), "CuotaTotal": "522.37", "ImporteTotal": "3009.87",
                         "Desglose": line(BaseImponibleOimporteNoSujeto="2487.50", CuotaRepercutida="522.37")}),
    ("F2 above it with authorisation",
     {"TipoFactura": "F2", "Destinatarios": (), "CuotaTotal": "2100.00", "ImporteTotal": "12100.00",
      "NumRegistroAcuerdoFacturacion": "A1",
      "Desglose": line(BaseImponibleOimporteNoSujeto="10000.00", CuotaRepercutida="2100.00")}),
    ("F3", {"TipoFactura": "F3", "FacturasSustituidas": (SIMPLIFIED.IDFactura,)}),
    ("R1 by differences, negative",
     {**R1, "Desglose": line(BaseImponibleOimporteNoSujeto="-100.00", CuotaRepercutida="-21.00"),
      "CuotaTotal": "-21.00", "ImporteTotal": "-121.00"}),
    ("R1 by differences of the rate alone: the product is not checked",
     {**R1, "Desglose": line(BaseImponibleOimporteNoSujeto="0.00", CuotaRepercutida="-500.00"),
      "CuotaTotal": "-500.00", "ImporteTotal": "-500.00"}),
    ("R4 by substitution", {"TipoFactura": "R4", "TipoRectificativa": "S", "ImporteRectificacion": REPLACED,
                            "FacturasRectificadas": (ALTA.IDFactura,)}),
    ("R5", {"TipoFactura": "R5", "TipoRectificativa": "I", "Destinatarios": (), "Cupon": "S"}),
    ("exempt", {"Desglose": EXEMPT, **NO_TAX}),
    ("export", {"Desglose": bare(ClaveRegimen="02", OperacionExenta="E2"), **NO_TAX}),
    ("intra-Community supply", {"Desglose": bare(OperacionExenta="E5"), "Destinatarios": (KUNDE,), **NO_TAX}),
    ("OSS", {"Desglose": bare(ClaveRegimen="17", CalificacionOperacion="N2"), **NO_TAX}),
    ("reverse charge", {"Desglose": bare(CalificacionOperacion="S2", TipoImpositivo="0.00", CuotaRepercutida="0.00"),
                        **NO_TAX}),
    ("IGIC at any rate", {"Desglose": line(Impuesto="03", TipoImpositivo="9.50", CuotaRepercutida="9.50"),
                          "CuotaTotal": "9.50", "ImporteTotal": "109.50"}),
    ("other taxes without regime", {"Desglose": line(Impuesto="05", ClaveRegimen="")}),
    ("recargo at 21", surcharge("21.00", "21.00", "5.20", "5.20", "02-01-2027")),
    ("recargo on tobacco", surcharge("21.00", "21.00", "1.75", "1.75", "02-01-2027")),
    ("recargo at 10", surcharge("10.00", "10.00", "1.40", "1.40", "02-01-2027")),
    ("recargo at 4", surcharge("4.00", "4.00", "0.50", "0.50", "02-01-2027")),
    ("recargo at 5 in 2022", surcharge("5.00", "5.00", "0.50", "0.50", "31-12-2022")),
    ("recargo at 5 in 2023", surcharge("5.00", "5.00", "0.62", "0.62", "01-01-2023")),
    ("recargo at 7.5 at the end of 2024", surcharge("7.50", "7.50", "1.00", "1.00", "31-12-2024")),
    ("recargo at 2 at the end of 2024", surcharge("2.00", "2.00", "0.26", "0.26", "01-10-2024")),
    ("works certificate",
     {"Desglose": line(ClaveRegimen="14"), "FechaOperacion": "01-06-2027", "Destinatarios": PUBLIC}),
    ("totals a euro off, within the tolerance", {"CuotaTotal": "22.00", "ImporteTotal": "131.00"}),
    ("totals that need not follow (REBU)", {"Desglose": line(ClaveRegimen="03"), "ImporteTotal": "900.00"}),
    ("macrodato", {"Macrodato": "S", "CuotaTotal": "21000000.00", "ImporteTotal": "121000000.00",
                   "Desglose": line(BaseImponibleOimporteNoSujeto="100000000.00", CuotaRepercutida="21000000.00")}),
    ("first day of the system", {"IDFactura": issued("28-10-2024")}),
    ("issued by a third party", {"EmitidaPorTerceroODestinatario": "T", "Tercero": VIAJERA}),
    ("correction of a rejected alta", {"Subsanacion": "S", "RechazoPrevio": "X"}),
    ("every kind of sign in the number", {"IDFactura": issued("02-01-2027", "A/1-2_3.4 &~!#$%()*+,:;?@[]^`{|}")}),
]  # fmt: skip

BROKEN: list[tuple[str, dict[str, Any]]] = [
    # Identification, dates and kinds: verifactu.md 4.2
    ("1219", {"IDFactura": replace(ALTA.IDFactura, IDEmisorFactura="89890001A")}),
    ("1104", {"IDFactura": issued("02-01-2027", " ")}),
    ("1104", {"IDFactura": issued("02-01-2027", "1" * 61)}),
    ("1104", {"IDFactura": issued("02-01-2027", "A1 ")}),
    ("1100", {"NombreRazonEmisor": " "}),
    ("1100", {"DescripcionOperacion": " \t"}),
    ("1130", {"IDFactura": issued("02-01-2027", "AÑO/1")}),
    ("1130", {"IDFactura": issued("02-01-2027", "A\t1")}),
    *(("1287", {"IDFactura": issued("02-01-2027", f"A{character}1")}) for character in "<>\"'="),
    ("1105", {"IDFactura": issued("31-02-2026")}),
    ("1105", {"IDFactura": issued("2027-01-02")}),
    ("1112", {"IDFactura": issued("03-01-2027")}),
    ("1152", {"IDFactura": issued("27-10-2024")}),
    ("1133", {"IDFactura": issued("01-01-2007")}),
    ("1145", {"FechaOperacion": "30-02-2026"}),
    ("1134", {"FechaOperacion": "01-01-2007"}),
    ("1125 1146 1173", {"FechaOperacion": "01-01-2029"}),
    ("1146 1173", {"FechaOperacion": "03-01-2027"}),
    ("1146", {"IDFactura": issued("01-01-2027"), "FechaOperacion": "02-01-2027"}),
    ("1153", {"RechazoPrevio": "X"}),
    ("1153", {"RechazoPrevio": "X", "Subsanacion": "N"}),
    ("1161", {"RechazoPrevio": "S"}),
    ("1114", {"TipoFactura": "R1"}),
    ("1115", {"TipoRectificativa": "I"}),
    ("1117", {"FacturasRectificadas": (ALTA.IDFactura,)}),
    ("1116", {"FacturasSustituidas": (ALTA.IDFactura,)}),
    ("1118", {"TipoFactura": "R1", "TipoRectificativa": "S"}),
    ("1119", {**R1, "ImporteRectificacion": REPLACED}),
    ("1183", {"TipoFactura": "F2", "Destinatarios": (), "FacturaSimplificadaArt7273": "S"}),
    ("1185", {"FacturaSinIdentifDestinatarioArt61d": "S"}),
    ("1157", {"Cupon": "S"}),
    ("1138", {"Macrodato": "S"}),
    ("1139", {"CuotaTotal": "21000000.00", "ImporteTotal": "121000000.00",
              "Desglose": line(BaseImponibleOimporteNoSujeto="100000000.00", CuotaRepercutida="21000000.00")}),
    # People: verifactu.md 4.3, 4.6
    ("1186", {"EmitidaPorTerceroODestinatario": "T"}),
    ("1158 1189", {"EmitidaPorTerceroODestinatario": "D", "Destinatarios": ()}),
    ("1159", {"EmitidaPorTerceroODestinatario": "D", "Tercero": VIAJERA}),
    ("1155", {"Tercero": VIAJERA}),
    ("1178", {"EmitidaPorTerceroODestinatario": "T", "Tercero": who()}),
    ("1188", {"EmitidaPorTerceroODestinatario": "T", "Tercero": who("89890001K")}),
    ("1211", {"EmitidaPorTerceroODestinatario": "T", "Tercero": who(CodigoPais="ES", IDType="07", ID="89890002E")}),
    ("1232", {"EmitidaPorTerceroODestinatario": "T", "Tercero": who(CodigoPais="ES", IDType="04", ID="1")}),
    ("1189", {"Destinatarios": ()}),
    ("1190", {"TipoFactura": "F2"}),
    ("1239", {"Destinatarios": (who(),)}),
    ("1239", {"Destinatarios": (who("89890002E", CodigoPais="US", IDType="03", ID="1"),)}),
    ("1123", {"Destinatarios": (who("89890002A"),)}),
    ("1123", {"Destinatarios": (who("ES8989000"),)}),
    ("1123", {"Destinatarios": (CLIENTE, who("X1234567A"))}),
    ("1111", {"Destinatarios": (who(IDType="03", ID="1"),)}),
    ("1126", {"Destinatarios": (who(CodigoPais="FR", IDType="07", ID="89890002E"),)}),
    ("1234", {"Destinatarios": (who(CodigoPais="ES", IDType="04", ID="1"),)}),
    ("1131", {"Destinatarios": (who(CodigoPais="ES", IDType="07", ID="A58818501"),)}),
    ("1290", {"Destinatarios": (who(CodigoPais="ES", IDType="07", ID="89890002A"),)}),
    ("1103", {"Destinatarios": (who(IDType="02", ID="DE12345678"),)}),
    ("1103", {"Destinatarios": (who(IDType="02", ID="ES89890002E"),)}),
    ("1103", {"Destinatarios": (who(IDType="02", ID="de123456789"),)}),
    ("1103", {"Destinatarios": (who(IDType="02", ID="RO0123"),)}),
    ("1122", {"Destinatarios": (who(CodigoPais="FR", IDType="02", ID="DE123456789"),)}),
    ("1254", {"Destinatarios": (who(IDType="02", ID="XI123456789"),), "FechaOperacion": "31-12-2020"}),
    ("1255", {"Destinatarios": (who(IDType="02", ID="GB123456789"),), "FechaOperacion": "01-02-2021"}),
    ("1156 1190", {"TipoFactura": "F2", "Destinatarios": (KUNDE,)}),
    ("1191", {"TipoFactura": "R3", "TipoRectificativa": "I", "Destinatarios": (KUNDE,)}),
    ("1192", {"TipoFactura": "R2", "TipoRectificativa": "I", "Destinatarios": (VIAJERA,)}),
    ("1283", {"Destinatarios": (replace(CLIENTE, NombreRazon=" "),)}),
    # Breakdown: verifactu.md 4.4
    ("1195", {"Desglose": bare(), **NO_TAX}),
    ("1196 1238", {"Desglose": line(OperacionExenta="E1")}),
    ("1124", {"Desglose": line(TipoImpositivo="20.00")}),
    ("1194", {"Desglose": line(TipoImpositivo="5.00", CuotaRepercutida="5.00"), "FechaOperacion": "30-06-2022",
              "CuotaTotal": "5.00", "ImporteTotal": "105.00"}),
    ("1235", {"Desglose": line(TipoImpositivo="2.00", CuotaRepercutida="2.00"), "CuotaTotal": "2.00",
              "ImporteTotal": "102.00"}),
    ("1236", {"Desglose": line(TipoImpositivo="7.50", CuotaRepercutida="7.50"), "CuotaTotal": "7.50",
              "ImporteTotal": "107.50"}),
    ("1127", surcharge("21.00", "21.00", "5.00", "5.00", "02-01-2027")),
    ("1162", surcharge("21.00", "21.00", "1.40", "1.40", "02-01-2027")),
    ("1163", surcharge("10.00", "10.00", "5.20", "5.20", "02-01-2027")),
    ("1164", surcharge("4.00", "4.00", "0.62", "0.62", "02-01-2027")),
    ("1166", surcharge("2.00", "2.00", "0.50", "0.50", "01-10-2024")),
    ("1169", surcharge("7.50", "7.50", "1.40", "1.40", "31-12-2024")),
    ("1160", surcharge("5.00", "5.00", "1.40", "1.40", "01-01-2023")),
    ("1167", surcharge("5.00", "5.00", "0.50", "0.50", "01-01-2023")),
    ("1168", surcharge("5.00", "5.00", "0.62", "0.62", "31-12-2022")),
    ("1165", surcharge("0.00", "0.00", "0.50", "0.50", "30-09-2024")),
    ("1170", surcharge("0.00", "0.00", "0.00", "0.00", "01-10-2024")),
    ("1277", surcharge("0.00", "0.00", "0.00", "0.00", "31-12-2022")),
    ("1284", {"Desglose": line(TipoRecargoEquivalencia="5.20")}),
    ("1284", {"Desglose": line(CuotaRecargoEquivalencia="5.20")}),
    ("1281", {"Desglose": bare(CalificacionOperacion="S2", TipoImpositivo="0.00", CuotaRepercutida="0.00",
                               TipoRecargoEquivalencia="5.20", CuotaRecargoEquivalencia="5.20"),
              "CuotaTotal": "5.20", "ImporteTotal": "105.20"}),
    ("1197", {"TipoFactura": "F2", "Destinatarios": (), **NO_TAX,
              "Desglose": bare(CalificacionOperacion="S2", TipoImpositivo="0.00", CuotaRepercutida="0.00")}),
    ("1198", {"Desglose": bare(CalificacionOperacion="S2"), **NO_TAX}),
    ("1198", {"Desglose": line(CalificacionOperacion="S2")}),
    ("1237", {"Desglose": bare(CalificacionOperacion="N1", TipoImpositivo="0.00"), **NO_TAX}),
    ("1237", {"Desglose": bare(CalificacionOperacion="N2", TipoRecargoEquivalencia="0.00",
                               CuotaRecargoEquivalencia="0.00"), **NO_TAX}),
    ("1238", {"Desglose": bare(OperacionExenta="E1", CuotaRepercutida="0.00"), **NO_TAX}),
    ("1207", {"Desglose": line(Impuesto="03", CalificacionOperacion="N1")}),
    ("1182", {"Desglose": bare(OperacionExenta="E7"), **NO_TAX}),
    ("1199", {"Desglose": bare(OperacionExenta="E2"), **NO_TAX}),
    ("1289", {"Desglose": bare(OperacionExenta="E5"), **NO_TAX}),
    ("1208", {"Desglose": line(CuotaRepercutida=""), **NO_TAX}),
    ("1208", {"Desglose": line(TipoImpositivo="")}),
    ("1143", {"Desglose": line(CuotaRepercutida="-21.00"), "CuotaTotal": "-21.00", "ImporteTotal": "79.00"}),
    ("1142", {"Desglose": line(CuotaRepercutida="31.01"), "CuotaTotal": "31.01", "ImporteTotal": "131.01"}),
    ("1209", {"Desglose": line(ClaveRegimen="06", BaseImponibleACoste="90.00", CuotaRepercutida="")}),
    ("1140", {"Desglose": line(ClaveRegimen="06", BaseImponibleACoste="-90.00")}),
    ("1144", {"Desglose": line(ClaveRegimen="06", BaseImponibleACoste="10.00")}),
    ("1257", {"Desglose": line(BaseImponibleACoste="100.00")}),
    ("1150", {"TipoFactura": "F2", "Destinatarios": (), "CuotaTotal": "522.40", "ImporteTotal": "3010.01",
              "Desglose": line(BaseImponibleOimporteNoSujeto="2487.61", CuotaRepercutida="522.40")}),
    ("2006", {"CuotaTotal": "31.01"}),
    ("2005", {"ImporteTotal": "131.01"}),
    ("2005", {"ImporteTotal": "102.00"}),  # a withholding taken off, the classic
    # Regimes: verifactu.md 4.5
    ("1245", {"Desglose": line(ClaveRegimen="")}),
    ("1245", {"Desglose": line(ClaveRegimen="", Impuesto="02")}),
    ("1246", {"Desglose": line(ClaveRegimen="21")}),
    ("1246", {"Desglose": line(ClaveRegimen="02", Impuesto="02")}),
    ("1260", {"Desglose": line(Impuesto="05")}),
    ("1286", {"Desglose": line(ClaveRegimen="02")}),
    ("1200", {"Desglose": bare(ClaveRegimen="03", CalificacionOperacion="N1"), **NO_TAX}),
    ("1201", {"Desglose": line(ClaveRegimen="04")}),
    ("1202", {"Desglose": line(ClaveRegimen="06")}),
    ("1202", {"TipoFactura": "F3", "Desglose": line(ClaveRegimen="06", BaseImponibleACoste="100.00")}),
    ("1203", {"Desglose": bare(ClaveRegimen="07", OperacionExenta="E2"), **NO_TAX}),
    ("1203", {"Desglose": bare(ClaveRegimen="07", CalificacionOperacion="N2"), **NO_TAX}),
    ("1252", {"Desglose": line(ClaveRegimen="08")}),
    ("1205", {"Desglose": line(ClaveRegimen="10")}),
    ("1205", {"Desglose": bare(ClaveRegimen="10", CalificacionOperacion="N1"), "Destinatarios": (KUNDE,), **NO_TAX}),
    ("1206", {"Desglose": line(ClaveRegimen="11", TipoImpositivo="10.00", CuotaRepercutida="10.00"),
              "CuotaTotal": "10.00", "ImporteTotal": "110.00"}),
    ("1206", {"Desglose": bare(ClaveRegimen="11", OperacionExenta="E1"), **NO_TAX}),
    ("1147", {"Desglose": line(ClaveRegimen="14"), "Destinatarios": PUBLIC}),
    ("1148", {"TipoFactura": "F3", "Desglose": line(ClaveRegimen="14"), "Destinatarios": PUBLIC,
              "FechaOperacion": "01-06-2027"}),
    ("1149", {"Desglose": line(ClaveRegimen="14"), "FechaOperacion": "01-06-2027"}),
    ("1293", {"Desglose": line(Impuesto="03", ClaveRegimen="20")}),
    # Stamp, system and link: verifactu.md 1.5, 3.3, 5
    ("1244", {"FechaHoraHusoGenRegistro": "2027-01-02T10:15:00"}),
    ("1244", {"FechaHoraHusoGenRegistro": "2027-01-02T10:15:00.5+01:00"}),
    ("1244", {"FechaHoraHusoGenRegistro": "2027-01-02T10:15:00+0100"}),
    ("1244", {"FechaHoraHusoGenRegistro": "2027-02-30T10:15:00+01:00"}),
    ("1223", {"SistemaInformatico": replace(ex.SISTEMA, NIF="")}),
    ("1176", {"SistemaInformatico": replace(ex.SISTEMA, NIF="89890003A")}),
    ("1221", {"SistemaInformatico": replace(ex.SISTEMA, NIF="", IDOtro=IDOtro(CodigoPais="ES", IDType="07", ID="1"))}),
    ("1232", {"SistemaInformatico": replace(ex.SISTEMA, NIF="", IDOtro=IDOtro(CodigoPais="ES", IDType="04", ID="1"))}),
    ("1220", {"SistemaInformatico": replace(ex.SISTEMA, NombreSistemaInformatico=" ")}),
    ("1177", {"SistemaInformatico": replace(ex.SISTEMA, IdSistemaInformatico="m1")}),
    ("1177", {"SistemaInformatico": replace(ex.SISTEMA, IdSistemaInformatico="M")}),
    ("1179", {"SistemaInformatico": replace(ex.SISTEMA, NumeroInstalacion="")}),
    ("1269", {"Encadenamiento": replace(ex.BEFORE, Huella="")}),
    ("1175", {"Encadenamiento": replace(ex.BEFORE, NumSerieFactura="")}),
    ("1174", {"Encadenamiento": replace(ex.BEFORE, FechaExpedicionFactura="99-99-9999")}),
    ("1291", {"Encadenamiento": replace(ex.BEFORE, Huella="-" * 64)}),
    ("2002", {"Encadenamiento": replace(ex.BEFORE, Huella="A" * 63)}),
    ("2003", {"Encadenamiento": replace(ex.BEFORE, Huella="a" * 64)}),
]  # fmt: skip

ABROAD = {"CodigoPais": "US", "IDType": "03", "ID": "1"}
BROKEN_ANULACION: list[tuple[str, dict[str, Any]]] = [
    ("1219", {"IDFactura": replace(ANULACION.IDFactura, IDEmisorFacturaAnulada="89890001A")}),
    ("1130", {"IDFactura": replace(ANULACION.IDFactura, NumSerieFacturaAnulada="Ñ1")}),
    ("1105", {"IDFactura": replace(ANULACION.IDFactura, FechaExpedicionFacturaAnulada="31-02-2027")}),
    ("1224", {"GeneradoPor": "T"}),
    ("1224", {"Generador": CLIENTE}),
    ("1228", {"GeneradoPor": "D", "Generador": who()}),
    ("1258", {"GeneradoPor": "D", "Generador": who("89890002A")}),
    ("1259", {"GeneradoPor": "D", "Generador": who("89890001K")}),
    ("1227", {"GeneradoPor": "E", "Generador": who(**ABROAD)}),
    ("1229", {"GeneradoPor": "T", "Generador": who(CodigoPais="ES", IDType="07", ID="89890002E")}),
    ("1232", {"GeneradoPor": "T", "Generador": who(CodigoPais="ES", IDType="04", ID="1")}),
    ("1230", {"GeneradoPor": "D", "Generador": who(CodigoPais="ES", IDType="04", ID="1")}),
    ("1111", {"GeneradoPor": "D", "Generador": who(IDType="04", ID="1")}),
    ("1244", {"FechaHoraHusoGenRegistro": ""}),
]

MISNAMED = replace(ex.EMPRESA, NIF="89890001A")
BROKEN_HEADER: list[tuple[str, dict[str, Any]]] = [
    # verifactu.md 4.1
    ("4116", {"ObligadoEmision": MISNAMED}),
    ("1282", {"ObligadoEmision": replace(ex.EMPRESA, NombreRazon=" ")}),
    ("4117", {"Representante": MISNAMED}),
    ("4120", {"RemisionVoluntaria": RemisionVoluntaria(FechaFinVeriFactu="30-12-2027")}),
    ("4120", {"RemisionVoluntaria": RemisionVoluntaria(FechaFinVeriFactu="31-12-2025")}),
    ("4120", {"RemisionVoluntaria": RemisionVoluntaria(FechaFinVeriFactu="31-12-2028")}),
    ("4120", {"RemisionVoluntaria": RemisionVoluntaria(FechaFinVeriFactu="31-13-2027")}),
    ("4126", {"RemisionRequerimiento": RemisionRequerimiento(RefRequerimiento="R1")}),
]


@pytest.mark.parametrize(("name", "changes"), SOUND, ids=[name for name, _ in SOUND])
def test_a_sound_alta_breaks_nothing(name: str, changes: dict[str, Any]) -> None:
    assert _codes(replace(ALTA, **changes)) == ""


@pytest.mark.parametrize(("codes", "changes"), BROKEN, ids=[f"{n}-{codes}" for n, (codes, _) in enumerate(BROKEN)])
def test_a_broken_alta_is_told_by_the_aeats_code(codes: str, changes: dict[str, Any]) -> None:
    assert _codes(replace(ALTA, **changes)) == codes


def test_a_sound_anulacion_breaks_nothing() -> None:
    assert _codes(ANULACION) == ""
    assert _codes(ex.FULL_ANULACION) == ""


@pytest.mark.parametrize(("codes", "changes"), BROKEN_ANULACION)
def test_a_broken_anulacion_is_told_by_the_aeats_code(codes: str, changes: dict[str, Any]) -> None:
    assert _codes(replace(ANULACION, **changes)) == codes


@pytest.mark.parametrize(("codes", "changes"), BROKEN_HEADER)
def test_a_broken_header_is_told_by_the_aeats_code(codes: str, changes: dict[str, Any]) -> None:
    assert [v.code for v in check_header(replace(ex.CABECERA, **changes), today=TODAY)] == [codes]


@pytest.mark.parametrize("end", ["", "31-12-2026", "31-12-2027"])
def test_a_sound_header_breaks_nothing(end: str) -> None:
    ending = RemisionVoluntaria(FechaFinVeriFactu=end, Incidencia="S")
    header = replace(ex.CABECERA, Representante=CLIENTE, RemisionVoluntaria=ending)
    assert check_header(header, today=TODAY) == ()


def test_before_2027_the_mode_may_end_on_any_day() -> None:
    ending = replace(ex.CABECERA, RemisionVoluntaria=RemisionVoluntaria(FechaFinVeriFactu="30-06-2026"))
    assert check_header(ending, today=date(2026, 12, 31)) == ()


@pytest.mark.parametrize(
    ("codes", "huella"),
    [("1262", ""), ("1262", "A" * 63), ("1292", "-" * 64), ("2000", "A" * 64), ("2000", ALTA.Huella.lower())],
)
def test_the_huella_must_be_this_records(codes: str, huella: str) -> None:
    assert [v.code for v in check(replace(ALTA, Huella=huella), today=TODAY)] == [codes]


def test_a_record_that_follows_itself_is_told() -> None:
    following = replace(ALTA, Encadenamiento=replace(ex.BEFORE, Huella="A" * 64), Huella="A" * 64)
    assert [v.code for v in check(following, today=TODAY)] == ["2008", "2000"]


def test_the_issuer_must_be_the_taxpayer_of_the_header() -> None:
    assert check(ALTA, today=TODAY, obligado="89890001K") == ()
    for record in (ALTA, ANULACION):
        assert [v.code for v in check(record, today=TODAY, obligado="89890002E")] == ["1108"]


def test_every_code_that_can_be_answered_is_tried_here() -> None:
    tried = {code for codes, _ in (*BROKEN, *BROKEN_ANULACION, *BROKEN_HEADER) for code in codes.split()}
    elsewhere = {"1108", "1262", "1292", "2000", "2008", "2009"}
    assert tried | elsewhere == set(MESSAGES)


def test_a_violation_names_the_element_and_speaks_both_languages() -> None:
    (found,) = check(sealed(replace(ALTA, Destinatarios=(CLIENTE, who("89890002A")))), today=TODAY)
    assert found.field == "Destinatarios/IDDestinatario[2]/NIF"
    assert "NIF" in found.es
    assert found.es != found.en


def test_texts_that_are_no_numbers_or_days_never_raise() -> None:
    rubbish = "٣"
    line_of_rubbish = DetalleDesglose(
        **dict.fromkeys(
            ["Impuesto", "ClaveRegimen", "CalificacionOperacion", "TipoImpositivo", "BaseImponibleOimporteNoSujeto",
             "BaseImponibleACoste", "CuotaRepercutida", "TipoRecargoEquivalencia", "CuotaRecargoEquivalencia"],
            rubbish,
        )
    )  # fmt: skip
    record = replace(
        ALTA,
        IDFactura=issued(rubbish, rubbish),
        FechaOperacion=rubbish,
        CuotaTotal=rubbish,
        ImporteTotal=rubbish,
        FechaHoraHusoGenRegistro=rubbish,
        Desglose=(line_of_rubbish,),
    )
    assert {"1105", "1145", "1244"} <= {v.code for v in check(record, today=TODAY)}


def test_the_control_of_an_entity_is_a_doubt_and_not_a_violation() -> None:
    odd = sealed(replace(ALTA, Destinatarios=(who("B12345678"),)))
    assert check(odd, today=TODAY) == ()
    assert [(v.code, v.field) for v in warnings(odd, today=TODAY)] == [("1123", "Destinatarios/IDDestinatario[1]/NIF")]
    assert warnings(ALTA, today=TODAY) == ()


def test_ipsi_without_regime_is_a_warning_until_the_end_of_2026() -> None:
    ipsi = sealed(replace(ALTA, IDFactura=issued("31-12-2026"), Desglose=line(Impuesto="02", ClaveRegimen="")))
    assert [v.code for v in warnings(ipsi, today=date(2026, 12, 31))] == ["2009"]
    assert check(ipsi, today=date(2026, 12, 31)) == ()
    assert [v.code for v in check(ipsi, today=date(2027, 1, 1))] == ["1245"]
    assert warnings(ipsi, today=date(2027, 1, 1)) == ()


@pytest.mark.parametrize(
    ("nif", "problem"),
    [
        # Published examples: the AEAT's documents, Wikipedia's articles on NIF and CIF, python-stdnum's.
        ("89890001K", ""), ("12345678Z", ""), ("12345678A", "letter"),
        ("X1234567L", ""), ("X1234567A", "letter"), ("Z0000000M", ""),
        ("A58818501", ""), ("B12345678", "doubtful"), ("P2800000A", "doubtful"),
        ("M1234567L", ""), ("K12A4567B", ""),
        ("", "malformed"), ("1234567Z", "malformed"), ("12345678z", "malformed"), ("ES1234567", "malformed"),
        ("I1234567A", "malformed"), ("B1234567K", "malformed"), ("12.345.67", "malformed"),
    ],
)  # fmt: skip
def test_a_nif_is_judged_by_shape_and_control(nif: str, problem: str) -> None:
    assert nif_problem(nif) == problem


def _codes(record: RegistroAlta | RegistroAnulacion) -> str:
    return " ".join(sorted(v.code for v in check(sealed(record), today=TODAY)))
