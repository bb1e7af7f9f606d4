"""The one parser. What comes in may be hostile: no entity is resolved, no network used, no DOCTYPE accepted."""

from lxml import etree

from verifactu.errors import UnreadableXML
from verifactu.xml.namespaces import SOAP


def parse(document: bytes) -> etree._Element:
    """Return the root element.

    :raises UnreadableXML: for what is not well formed, and for any DOCTYPE: no message of the AEAT has one, and it is
        where entity bombs and file inclusion live.
    """
    # A new parser each time costs microseconds; a shared one would make threads queue for its lock.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableXML(f"not well-formed XML: {error.msg}") from error
    if root is None:
        raise UnreadableXML("no XML element")
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableXML("a DOCTYPE is not accepted")
    return root


def body(message: bytes) -> etree._Element:
    """Return the first element inside soap:Body, or the root itself when there is no envelope.

    :raises UnreadableXML: also for an envelope without a body, or with an empty one.
    """
    root = parse(message)
    if root.tag != f"{{{SOAP}}}Envelope":
        return root
    content = root.find(f"{{{SOAP}}}Body")
    if content is None or len(content) == 0:
        raise UnreadableXML("a SOAP envelope without content")
    return content[0]
