"""What the buyer reads, in five languages. Django's own catalogues hold the two of staff; these are few, and whole."""

from invoicing.models.company import LANGUAGES as NAMED

LANGUAGES = tuple(code for code, _ in NAMED)
"""es, ca, en, fr, de: those of the invoices."""
DEFAULT = "es"

WORDS: dict[str, tuple[str, str, str, str, str]] = {
    # --- the letter
    "subject": (
        "Datos para la factura de su pedido {order}",
        "Dades per a la factura de la seva comanda {order}",
        "Details for the invoice of your order {order}",
        "Informations pour la facture de votre commande {order}",
        "Angaben für die Rechnung Ihrer Bestellung {order}",
    ),
    "hello": ("Hola:", "Hola,", "Hello,", "Bonjour,", "Guten Tag,"),
    "hello_name": ("Hola, {name}:", "Hola, {name},", "Hello {name},", "Bonjour {name},", "Guten Tag {name},"),
    "thanks_for": (
        "Gracias por su pedido {order} en {company}, de {total}.",
        "Gràcies per la seva comanda {order} a {company}, de {total}.",
        "Thank you for your order {order} with {company}, of {total}.",
        "Merci pour votre commande {order} chez {company}, d'un montant de {total}.",
        "Danke für Ihre Bestellung {order} bei {company} über {total}.",
    ),
    "why_nif_required": (
        "Por su importe, la ley pide que la factura lleve su NIF, su nombre y su dirección.",
        "Per l'import, la llei demana que la factura porti el seu NIF, el seu nom i la seva adreça.",
        "Because of its amount, the law asks for your Spanish tax number (NIF), name and address on the invoice.",
        "En raison de son montant, la loi exige que la facture porte votre NIF espagnol, votre nom et votre adresse.",
        ("Wegen des Betrags verlangt das Gesetz auf der Rechnung Ihre spanische Steuernummer (NIF), Ihren "
        "Namen und Ihre Anschrift."),
    ),
    "why_nif_invalid": (
        "El NIF que nos dio no es correcto, y sin él no podemos hacer la factura.",
        "El NIF que ens va donar no és correcte, i sense ell no podem fer la factura.",
        "The tax number (NIF) that you gave us is not correct, and without it we cannot make the invoice.",
        "Le NIF que vous nous avez donné n'est pas correct, et sans lui nous ne pouvons pas établir la facture.",
        "Die Steuernummer (NIF), die Sie uns gaben, ist nicht richtig; ohne sie können wir keine Rechnung ausstellen.",
    ),
    "why_nif_not_identified": (
        "Hacienda no reconoce el NIF que nos dio con ese nombre. Escríbalos tal como están en su documento.",
        "Hisenda no reconeix el NIF que ens va donar amb aquest nom. Escrigui'ls tal com són al seu document.",
        "The tax agency does not know the NIF that you gave us under that name. Write both as on your document.",
        "Le fisc ne reconnaît pas le NIF que vous avez donné avec ce nom. Écrivez-les comme sur votre document.",
        ("Das Finanzamt kennt die NIF, die Sie uns gaben, nicht unter diesem Namen. Schreiben Sie beide wie in "
        "Ihrem Ausweis."),
    ),
    "why_recipient_incomplete": (
        "Para hacer la factura a su nombre nos faltan datos suyos.",
        "Per fer la factura al seu nom ens falten dades seves.",
        "To make the invoice in your name, some of your details are missing.",
        "Pour établir la facture à votre nom, il nous manque certaines informations.",
        "Um die Rechnung auf Ihren Namen auszustellen, fehlen uns Angaben.",
    ),
    "open_link": (
        "Dar mis datos", "Donar les meves dades", "Give my details", "Donner mes informations", "Angaben machen",
    ),
    "link_until": (
        "El enlace sirve hasta el {until}. Tarda un minuto y no pide ninguna contraseña.",
        "L'enllaç serveix fins al {until}. És un minut i no demana cap contrasenya.",
        "The link works until {until}. It takes a minute and asks for no password.",
        "Le lien est valable jusqu'au {until}. Cela prend une minute, sans mot de passe.",
        "Der Link gilt bis {until}. Es dauert eine Minute und braucht kein Passwort.",
    ),
    "not_you": (
        "Si no hizo este pedido, no haga nada.",
        "Si no va fer aquesta comanda, no faci res.",
        "If you did not place this order, do nothing.",
        "Si vous n'avez pas passé cette commande, ne faites rien.",
        "Wenn Sie nicht bestellt haben, müssen Sie nichts tun.",
    ),
    "test": (
        "Entorno de pruebas: nada de esto tiene validez fiscal.",
        "Entorn de proves: res d'això té validesa fiscal.",
        "Test environment: none of this is fiscally valid.",
        "Environnement d'essai : sans valeur fiscale.",
        "Testumgebung: steuerlich ohne Bedeutung.",
    ),
    # --- the page
    "title": (
        "Datos para su factura", "Dades per a la factura", "Details for your invoice",
        "Informations pour votre facture", "Angaben für Ihre Rechnung",
    ),
    "order": (
        "Pedido {order} · {total}", "Comanda {order} · {total}", "Order {order} · {total}",
        "Commande {order} · {total}", "Bestellung {order} · {total}",
    ),
    "nif": ("NIF, DNI o NIE", "NIF, DNI o NIE", "Spanish tax number (NIF, DNI or NIE)", "NIF, DNI ou NIE espagnol",
            "Spanische Steuernummer (NIF, DNI oder NIE)"),
    "nif_help": (
        "El suyo, o el de la empresa a la que se factura. Por ejemplo, 12345678Z o B12345674.",
        "El seu, o el de l'empresa a la qual es factura. Per exemple, 12345678Z o B12345674.",
        "Yours, or that of the company to be invoiced. For example 12345678Z or B12345674.",
        "Le vôtre, ou celui de l'entreprise à facturer. Par exemple 12345678Z ou B12345674.",
        "Ihre eigene oder die der Firma, an die die Rechnung geht. Zum Beispiel 12345678Z oder B12345674.",
    ),
    "name": (
        "Nombre y apellidos, o razón social", "Nom i cognoms, o raó social", "Full name, or company name",
        "Nom et prénom, ou raison sociale", "Vor- und Nachname oder Firma",
    ),
    "street": (
        "Dirección (calle, número, piso)", "Adreça (carrer, número, pis)", "Address (street, number, floor)",
        "Adresse (rue, numéro, étage)", "Anschrift (Straße, Hausnummer)",
    ),
    "postal_code": ("Código postal", "Codi postal", "Postcode", "Code postal", "Postleitzahl"),
    "city": ("Población", "Població", "Town", "Ville", "Ort"),
    "if_other": (
        "si no es la del pedido", "si no és la de la comanda", "if not the one on the order",
        "si ce n'est pas celle de la commande", "falls nicht die der Bestellung",
    ),
    "entity_address": (
        "La factura de una empresa lleva su dirección.", "La factura d'una empresa porta la seva adreça.",
        "The invoice of a company bears its address.", "La facture d'une entreprise porte son adresse.",
        "Die Rechnung einer Firma trägt ihre Anschrift.",
    ),
    "send": ("Enviar", "Enviar", "Send", "Envoyer", "Senden"),
    "privacy": (
        "{company} usa estos datos solo para hacer la factura, y los guarda el tiempo que manda la ley.",
        "{company} fa servir aquestes dades només per fer la factura, i les guarda el temps que mana la llei.",
        "{company} uses these details for the invoice alone, and keeps them as long as the law asks.",
        "{company} n'utilise ces informations que pour la facture et les conserve le temps exigé par la loi.",
        "{company} verwendet diese Angaben nur für die Rechnung und bewahrt sie auf, so lange es das Gesetz verlangt.",
    ),
    "language": ("Idioma", "Idioma", "Language", "Langue", "Sprache"),
    # --- what is wrong with what was typed
    "amiss": (
        "Revise lo que está marcado.", "Revisi el que està marcat.", "Please check what is marked.",
        "Vérifiez ce qui est signalé.", "Bitte prüfen Sie das Markierte.",
    ),
    "missing": (
        "Falta este dato.", "Falta aquesta dada.", "This is missing.", "Ce champ est obligatoire.",
        "Diese Angabe fehlt.",
    ),
    "nif_wrong": (
        "Esto no es un NIF español correcto: revise los números y la letra.",
        "Això no és un NIF espanyol correcte: revisi els números i la lletra.",
        "This is no correct Spanish tax number: check the digits and the letter.",
        "Ce n'est pas un NIF espagnol correct : vérifiez les chiffres et la lettre.",
        "Das ist keine richtige spanische Steuernummer: Prüfen Sie Ziffern und Buchstaben.",
    ),
    "nif_foreign": (
        "Parece un número de otro país. Si su empresa no tiene NIF español, responda al correo que le enviamos.",
        ("Sembla un número d'un altre país. Si la seva empresa no té NIF espanyol, respongui al correu que li vam "
        "enviar."),
        "This looks like a number of another country. If your company has no Spanish one, answer our mail.",
        "Ce numéro semble être d'un autre pays. Si votre entreprise n'a pas de NIF espagnol, répondez au courriel.",
        ("Das sieht nach einer Nummer aus einem anderen Land aus. Hat Ihre Firma keine spanische, antworten Sie auf "
        "unsere E-Mail."),
    ),
    "nif_doubtful": (
        "El último carácter no cuadra. Si de verdad es su NIF, pulse Enviar otra vez.",
        "L'últim caràcter no quadra. Si de debò és el seu NIF, premi Enviar un altre cop.",
        "The last character does not fit. If it really is your number, press Send again.",
        "Le dernier caractère ne correspond pas. Si c'est bien votre NIF, appuyez de nouveau sur Envoyer.",
        "Das letzte Zeichen passt nicht. Wenn es wirklich Ihre Nummer ist, drücken Sie noch einmal auf Senden.",
    ),
    "postal_code_wrong": (
        "Un código postal de España tiene cinco cifras.",
        "Un codi postal d'Espanya té cinc xifres.",
        "A Spanish postcode has five digits.",
        "Un code postal espagnol a cinq chiffres.",
        "Eine spanische Postleitzahl hat fünf Ziffern.",
    ),
    # --- how it ends
    "done_title": ("Gracias", "Gràcies", "Thank you", "Merci", "Vielen Dank"),
    "done": (
        ("Ya tenemos sus datos. Haremos la factura y la recibirá por correo en unos minutos; si hiciera falta algo "
        "más, le escribiremos."),
        ("Ja tenim les seves dades. Farem la factura i la rebrà per correu d'aquí a uns minuts; si calgués res més, li "
        "escriuríem."),
        ("We have your details. We will make the invoice, and it will reach you by mail in a few minutes; if anything "
        "else is needed, we will write to you."),
        ("Nous avons vos informations. Nous établirons la facture et vous la recevrez par courriel dans quelques "
        "minutes ; s'il manquait autre chose, nous vous écririons."),
        ("Wir haben Ihre Angaben. Wir stellen die Rechnung aus und Sie erhalten sie in wenigen Minuten per E-Mail; "
        "falls noch etwas fehlt, schreiben wir Ihnen."),
    ),
    "answered_title": (
        "Ya tenemos sus datos", "Ja tenim les seves dades", "We already have your details",
        "Nous avons déjà vos informations", "Wir haben Ihre Angaben schon",
    ),
    "answered": (
        "Se recibieron el {at} y no hace falta nada más. Si algo estaba mal, responda al correo que le enviamos.",
        "Es van rebre el {at} i no cal res més. Si hi havia cap error, respongui al correu que li vam enviar.",
        "They came on {at} and nothing else is needed. If something was wrong, answer our mail.",
        "Elles ont été reçues le {at} ; rien d'autre n'est nécessaire. En cas d'erreur, répondez à notre courriel.",
        "Sie kamen am {at} an, mehr ist nicht nötig. Falls etwas falsch war, antworten Sie auf unsere E-Mail.",
    ),
    "settled_title": (
        "Ya no hace falta", "Ja no cal", "No longer needed", "Ce n'est plus nécessaire", "Nicht mehr nötig",
    ),
    "settled": (
        "{company} ya resolvió este pedido. Gracias de todos modos.",
        "{company} ja ha resolt aquesta comanda. Gràcies igualment.",
        "{company} has settled this order already. Thank you all the same.",
        "{company} a déjà traité cette commande. Merci quand même.",
        "{company} hat diese Bestellung schon geklärt. Trotzdem vielen Dank.",
    ),
    "superseded_title": (
        "Su pedido cambió", "La seva comanda ha canviat", "Your order has changed", "Votre commande a changé",
        "Ihre Bestellung hat sich geändert",
    ),
    "superseded": (
        "Este enlace era para el pedido tal como estaba antes. Si aún hace falta algo, {company} le enviará otro.",
        "Aquest enllaç era per a la comanda tal com era abans. Si encara cal res, {company} li n'enviarà un altre.",
        "This link was for the order as it was before. If anything is still needed, {company} will send you another.",
        "Ce lien concernait la commande telle qu'elle était avant. Si besoin, {company} vous en enverra un autre.",
        ("Dieser Link galt für die Bestellung, wie sie vorher war. Falls noch etwas fehlt, schickt Ihnen {company} "
        "einen neuen."),
    ),
    "expired_title": (
        "Este enlace ha caducado", "Aquest enllaç ha caducat", "This link has expired", "Ce lien a expiré",
        "Dieser Link ist abgelaufen",
    ),
    "expired": (
        "Servía hasta el {until}. Su pedido no se ha perdido: responda al correo y le enviaremos otro enlace.",
        "Servia fins al {until}. La seva comanda no s'ha perdut: respongui al correu i li n'enviarem un altre.",
        "It worked until {until}. Your order is not lost: answer the mail and we will send you another link.",
        ("Il était valable jusqu'au {until}. Votre commande n'est pas perdue : répondez au courriel pour en recevoir "
        "un autre."),
        ("Er galt bis {until}. Ihre Bestellung ist nicht verloren: Antworten Sie auf die E-Mail, dann schicken wir "
        "einen neuen."),
    ),
    "refused_title": (
        "Este enlace no es válido", "Aquest enllaç no és vàlid", "This link is not valid", "Ce lien n'est pas valable",
        "Dieser Link ist ungültig",
    ),
    "refused": (
        "Está incompleto o alterado. Ábralo de nuevo desde el correo, entero.",
        "Està incomplet o alterat. Torni'l a obrir des del correu, sencer.",
        "It is incomplete or was changed. Open it again from the mail, whole.",
        "Il est incomplet ou modifié. Rouvrez-le en entier depuis le courriel.",
        "Er ist unvollständig oder verändert. Öffnen Sie ihn noch einmal ganz aus der E-Mail.",
    ),
    "busy_title": (
        "Demasiados intentos", "Massa intents", "Too many tries", "Trop d'essais", "Zu viele Versuche",
    ),
    "busy": (
        "Espere unos minutos y vuelva a abrir el enlace del correo.",
        "Esperi uns minuts i torni a obrir l'enllaç del correu.",
        "Wait a few minutes and open the link of the mail again.",
        "Attendez quelques minutes et rouvrez le lien du courriel.",
        "Warten Sie ein paar Minuten und öffnen Sie den Link aus der E-Mail noch einmal.",
    ),
}  # fmt: skip
"""Key -> the text in each of LANGUAGES (es, ca, en, fr, de)."""


def language_of(text: str) -> str:
    """Return the language that a shop's or a browser's word for it means, the default where it is none of ours.

    >>> language_of("de-AT"), language_of("pt"), language_of("")
    ('de', 'es', 'es')
    """
    code = text.strip().lower().replace("_", "-").partition("-")[0]
    return code if code in LANGUAGES else DEFAULT


class Words:
    """The words of one language: `Words("ca")["send"]`, `Words("de").say("order", order="7", total="9 €")`."""

    def __init__(self, language: str) -> None:
        self.language = language_of(language)
        self._place = LANGUAGES.index(self.language)

    def __getitem__(self, key: str) -> str:
        return WORDS[key][self._place]

    def say(self, key: str, **facts: object) -> str:
        """Return a text with its facts; braces inside a fact are text."""
        return WORDS[key][self._place].format(**facts)
