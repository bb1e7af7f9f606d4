"""The books of a shop against what it sold and gave back, order by order and in total."""

from decimal import Decimal

from invoicing.models import Connection, Invoice, Order
from tests.shops_standin.server import Shop


def assert_exact(shop: Shop, connection: Connection) -> None:
    """Hold every paid order to exactly one invoice, every refund to exactly one correction, all to the cent."""
    rows = {order.external_id: order for order in Order.objects.filter(connection=connection)}
    invoices = Invoice.objects.filter(order__connection=connection).exclude(state="annulled")
    wrong = []
    for sold in shop.orders.values():
        identity = shop.identity(sold)
        of_order = [invoice for invoice in invoices if invoice.order_id == getattr(rows.get(identity), "pk", None)]
        sales = [invoice.total for invoice in of_order if invoice.purpose == "sale"]
        corrections = sorted(invoice.total for invoice in of_order if invoice.purpose != "sale")
        wanted = [sold.total] if sold.sale.paid else []
        back = sorted(-refund.amount(sold.sale) for refund in sold.refunds)
        if sold.sale.paid and sold.given_back == sold.total and not of_order:
            continue  # paid and given back before anything was issued: no operation is left to invoice
        if sales != wanted or corrections != back:
            wrong.append(f"{identity}: sales {sales} of {wanted}, corrections {corrections} of {back}")
    assert not wrong, "\n".join(wrong)
    strangers = set(rows) - {shop.identity(sold) for sold in shop.orders.values()}
    assert not strangers, strangers
    net = sum((invoice.total for invoice in invoices), Decimal(0))
    assert net == sum((sold.total - sold.given_back for sold in shop.orders.values() if sold.sale.paid), Decimal(0)), (
        "the totals differ"
    )
