"""The codes that our rules do not answer with: where each is caught, what is done, its remedy and its meaning."""

Other = tuple[str, str, str, str, str, str]
"""Checked, action, remedy, Spanish, English, and the code by which our rules tell the same thing (or nothing)."""

# code | checked | action | remedy | Spanish | English | told as; what does not fit goes on, indented
_TABLE = """
1101 | schema | rectify | recipient | El país no está en la lista de la AEAT. | The country is not in the AEAT's list.
1102 | schema | rectify | recipient | Esa clase de identificador no existe. | There is no such kind of identifier.
1106 | schema | rectify | kind | Ese tipo de factura no existe. | There is no such kind of invoice.
1107 | schema | rectify | kind | Una rectificativa es por sustitución (S) o por diferencias (I).
     | A corrective invoice is by substitution (S) or differences (I).
1109 | aeat | hold | census | El NIF no consta en el censo. | The NIF is not in the census.
1110 | aeat | hold | census | El NIF no consta en el censo (en otro lugar del registro).
     | The NIF is not in the census (elsewhere in the record).
1120 | schema | hold | taxpayer | El NIF del emisor no tiene nueve caracteres.
     | The issuer's NIF has not nine characters.
1121 | aeat | rectify | regime_of_vat_numbers | El identificador extranjero no se ha podido comprobar.
     | The foreign identifier could not be verified.
1128 | aeat | correct | agreement | El acuerdo de facturación no existe. | The invoicing agreement does not exist.
1129 | aeat | resend | wait | La AEAT no pudo consultar el acuerdo. | The AEAT could not look up the agreement.
1132 | rule | rectify | rate | Ese tipo impositivo acabó en 2012. | That rate ended in 2012. | 1124
1135 | rule | rectify | rate | Ese recargo acabó en 2012. | That surcharge ended in 2012. | 1127
1136 | schema | correct | coding | FacturaSimplificadaArt7273 es S o N. | FacturaSimplificadaArt7273 is S or N.
1137 | schema | correct | coding | Macrodato es S o N. | Macrodato is S or N.
1151 | schema | correct | party | EmitidaPorTerceroODestinatario es T o D. | EmitidaPorTerceroODestinatario is T or D.
1154 | aeat | hold | census | El emisor de la factura rectificada o sustituida no consta en el censo.
     | The issuer of the corrected or replaced invoice is not in the census.
1171 | schema | correct | flags | Subsanacion o RechazoPrevio no tiene un valor de la lista.
     | Subsanacion or RechazoPrevio has no value of the list.
1172 | schema | hold | taxpayer | No se dice en nombre de quién se envía. | It is not said on whose behalf is sent.
1180 | schema | correct | chain | El bloque que enlaza con el registro anterior está mal.
     | The block that links to the record before is wrong.
1181 | schema | correct | coding | Esa calificación de la operación no existe. | There is no such qualification.
1184 | schema | correct | coding | FacturaSinIdentifDestinatarioArt61d es S o N.
     | FacturaSinIdentifDestinatarioArt61d is S or N.
1187 | rule | correct | party | Se nombra un tercero que no expidió la factura.
     | A third party is named that did not issue the invoice. | 1155
1193 | aeat | hold | census | El NIF de un destinatario no consta en el censo. | A recipient's NIF is not in the census.
1210 | rule | rectify | amounts | El total no es la suma de bases, cuotas y recargos.
     | The total is not bases, taxes and surcharges. | 2005
1212 | schema | correct | system | TipoUsoPosibleSoloVerifactu es S o N. | TipoUsoPosibleSoloVerifactu is S or N.
1213 | schema | correct | system | TipoUsoPosibleMultiOT es S o N. | TipoUsoPosibleMultiOT is S or N.
1214 | aeat | correct | software | Se envió un campo que ya no existe. | A field was sent that no longer exists.
1215 | schema | hold | taxpayer | Los datos del obligado en la cabecera no están completos.
     | The taxpayer's data in the header is not complete.
1216 | rule | rectify | amounts | La cuota total no es la suma de cuotas y recargos.
     | The total tax is not taxes and surcharges. | 2006
1217 | aeat | hold | taxpayer | No se ha podido identificar al emisor. | The issuer could not be identified.
1218 | schema | correct | coding | Ese impuesto no existe. | There is no such tax.
1222 | schema | rectify | recipient | El identificador extranjero falta o pasa de 20 caracteres.
     | The foreign identifier is missing or longer than 20.
1225 | schema | correct | party | GeneradoPor es E, D o T. | GeneradoPor is E, D or T.
1226 | schema | correct | system | IndicadorMultiplesOT es S o N. | IndicadorMultiplesOT is S or N.
1231 | schema | correct | party | La clase de identificador de quien anula no existe.
     | Whoever annuls has an unknown kind of identifier.
1233 | rule | rectify | recipient | Con país ES solo se admite aquí una persona no censada.
     | With the country ES only someone missing in the census is admitted here. | 1234
1240 | schema | hold | taxpayer | La identificación del emisor está mal formada.
     | The issuer's identification is badly formed.
1241 | aeat | resend | wait | La AEAT no pudo consultar el sistema informático.
     | The AEAT could not look up the billing system.
1242 | aeat | correct | system | La AEAT no conoce ese sistema informático.
     | The AEAT does not know that billing system.
1243 | aeat | resend | wait | La AEAT no pudo calcular la hora del huso. | The AEAT could not work out the time zone.
1247 | schema | correct | software | TipoHuella solo puede ser 01. | TipoHuella can only be 01.
1248 | schema | hold | query | El período de la consulta no es un mes. | The query's period is not a month.
1249 | aeat | hold | query | IndicadorRepresentante solo puede ser S. | IndicadorRepresentante can only be S.
1250 | simulator | hold | query | El intervalo de fechas de la consulta está al revés.
     | The query's dates are the wrong way round.
1251 | schema | correct | software | IDVersion solo puede ser 1.0. | IDVersion can only be 1.0.
1253 | schema | correct | coding | RefExterna pasa de 60 caracteres. | RefExterna is longer than 60 characters.
1256 | aeat | resend | wait | La AEAT no pudo consultar el límite de fechas.
     | The AEAT could not look up the limit of dates.
1261 | simulator | hold | query | IndicadorRepresentante no cabe cuando se consulta como destinatario.
     | IndicadorRepresentante has no place when asking as a recipient.
1263 | schema | correct | software | TipoHuella no tiene dos caracteres. | TipoHuella has not two characters.
1264 | schema | correct | software | PrimerRegistro no tiene un carácter. | PrimerRegistro has not one character.
1265 | schema | rectify | kind | TipoFactura no tiene dos caracteres. | TipoFactura has not two characters.
1266 | schema | rectify | amounts | CuotaTotal tiene demasiadas cifras. | CuotaTotal has too many digits.
1267 | schema | rectify | amounts | ImporteTotal tiene demasiadas cifras. | ImporteTotal has too many digits.
1268 | schema | correct | clock | FechaHoraHusoGenRegistro no tiene la longitud debida.
     | FechaHoraHusoGenRegistro has the wrong length.
1270 | schema | hold | query | MostrarNombreRazonEmisor es S o N. | MostrarNombreRazonEmisor is S or N.
1271 | schema | hold | query | MostrarSistemaInformatico es S o N. | MostrarSistemaInformatico is S or N.
1272 | simulator | hold | query | Quien consulta como destinatario no puede pedir el sistema informático.
     | Whoever asks as a recipient may not ask for the system.
1273 | schema | correct | party | Los datos de quien anula están mal formados.
     | The data of whoever annuls is badly formed.
1274 | schema | correct | software | PrimerRegistro solo puede ser S. | PrimerRegistro can only be S.
1275 | schema | correct | flags | RechazoPrevio no tiene un valor de la lista. | RechazoPrevio has no value of the list.
1276 | schema | correct | flags | SinRegistroPrevio no tiene un valor de la lista.
     | SinRegistroPrevio has no value of the list.
1285 | aeat | hold | query | La consulta encuentra varios sistemas informáticos.
     | The query finds several billing systems.
1288 | aeat | resend | wait | La AEAT no pudo comprobar las fechas. | The AEAT could not check the dates.
2001 | simulator | correct | census | El NIF de un destinatario no consta en el censo.
     | A recipient's NIF is not in the census.
2004 | simulator | nothing | clock | La hora del registro se aparta demasiado de la de la AEAT.
     | The record's time is too far from the AEAT's.
2007 | simulator | correct | chain | Se declara como primer registro, y ya hay otros de esta instalación.
     | It is declared the first record, and there are others of this installation.
3000 | simulator | ask | duplicate | La AEAT ya tiene un registro de esa factura.
     | The AEAT already holds a record of that invoice.
3001 | simulator | hold | annulled | La factura ya constaba anulada. | The invoice was already annulled.
3002 | simulator | hold | missing | La AEAT no tiene la factura. | The AEAT does not hold the invoice.
3003 | aeat | hold | permission | Quien envía no puede cambiar ese registro. | Whoever sends may not change that record.
3004 | aeat | hold | form | La factura se cambió con el formulario de la AEAT.
     | The invoice was changed by the AEAT's form.
3500 | aeat | resend | wait | Fallo de la base de datos de la AEAT (integridad).
     | Trouble in the AEAT's database (integrity).
3501 | aeat | resend | wait | Fallo de la base de datos de la AEAT. | Trouble in the AEAT's database.
3502 | aeat | alarm | software | Código heredado del SII: no corresponde a VERI*FACTU.
     | A code inherited from SII that VERI*FACTU does not use.
3503 | aeat | alarm | permission | La factura no es del titular que consta.
     | The invoice is not of the holder on record.
4102 | schema | alarm | software | El envío no cumple el esquema. | The submission does not meet the schema.
4103 | simulator | resend | wait | La AEAT no pudo leer el XML. | The AEAT could not read the XML.
4104 | simulator | alarm | taxpayer | El NIF de la empresa no consta en el censo.
     | The company's NIF is not in the census.
4105 | simulator | alarm | representative | El NIF del representante no consta en el censo.
     | The representative's NIF is not in the census.
4106 | schema | alarm | software | Una fecha de la cabecera está mal escrita. | A date in the header is badly written.
4107 | aeat | alarm | taxpayer | El NIF no consta en el censo. | The NIF is not in the census.
4108 | aeat | resend | wait | La AEAT no pudo leer el certificado. | The AEAT could not read the certificate.
4109 | rule | alarm | taxpayer | Un NIF está mal formado. | A NIF is badly formed. | 4116
4110 | aeat | resend | wait | La AEAT no pudo comprobar los apoderamientos.
     | The AEAT could not check the powers of attorney.
4111 | aeat | resend | wait | La AEAT no pudo crear el trámite. | The AEAT could not open the procedure.
4112 | simulator | alarm | certificate | El titular del certificado no puede enviar por esta empresa.
     | The certificate's holder may not send for this company.
4113 | schema | alarm | software | Un bloque tiene demasiados elementos. | A block has too many elements.
4114 | schema | alarm | software | El envío lleva más de 1000 registros. | The submission has more than 1000 records.
4115 | aeat | alarm | taxpayer | El NIF de la empresa no es correcto. | The company's NIF is not right.
4118 | aeat | resend | wait | La dirección no corresponde a lo enviado. | The address does not fit what was sent.
4119 | simulator | alarm | software | El texto no está en UTF-8. | The text is not UTF-8.
4121 | schema | alarm | software | Incidencia es S o N. | Incidencia is S or N.
4122 | aeat | alarm | requirement | La referencia del requerimiento no existe.
     | The requirement's reference does not exist.
4123 | aeat | alarm | representative | El NIF del representante no consta en el censo.
     | The representative's NIF is not in the census.
4124 | aeat | alarm | representative | El nombre del representante no consta en el censo.
     | The representative's name is not in the census.
4125 | aeat | alarm | requirement | Falta la referencia del requerimiento. | The requirement's reference is missing.
4127 | aeat | alarm | requirement | Un envío voluntario llegó a la puerta de los requerimientos.
     | A voluntary sending came to the door of requirements.
4128 | aeat | resend | wait | Fallo del gestor de tablas de la AEAT. | Trouble in the AEAT's table manager.
4129 | aeat | alarm | requirement | Falta el fin del requerimiento. | The requirement's end is missing.
4130 | aeat | alarm | requirement | El fin del requerimiento no cabe en VERI*FACTU.
     | The requirement's end has no place in VERI*FACTU.
4131 | schema | alarm | requirement | FinRequerimiento es S o N. | FinRequerimiento is S or N.
4132 | simulator | alarm | certificate | El titular del certificado no puede consultar como destinatario.
     | The certificate's holder may not ask as recipient.
4133 | aeat | alarm | requirement | La referencia del requerimiento no es alfanumérica.
     | The requirement's reference is not alphanumeric.
4134 | aeat | alarm | service | El servicio no está activo. | The service is not active.
4135 | simulator | alarm | software | La dirección no admite GET. | The address does not take GET.
4136 | aeat | alarm | software | Falta RegistroAlta o está fuera de su sitio. | RegistroAlta is missing or out of place.
4137 | aeat | alarm | software | Falta RegistroAnulacion o está fuera de su sitio.
     | RegistroAnulacion is missing or out of place.
4138 | simulator | alarm | software | La petición llegó vacía. | The request arrived empty.
4139 | aeat | alarm | service | El servicio no está abierto en producción. | The service is not open in production.
4140 | simulator | alarm | certificate | El titular del certificado no tiene poder para consultar.
     | The certificate's holder has no power to ask.
4141 | aeat | stop | suspended | La AEAT ha suspendido el acceso. | The AEAT has suspended the access.
"""


def _read(table: str) -> dict[str, Other]:
    rows: dict[str, Other] = {}
    for row in table.strip().replace("\n     |", " |").splitlines():
        code, checked, action, remedy, es, en, *told_as = (cell.strip() for cell in row.split("|"))
        rows[code] = checked, action, remedy, es, en, "".join(told_as)
    return rows


OTHERS: dict[str, Other] = _read(_TABLE)
"""code -> the rest of its row."""
