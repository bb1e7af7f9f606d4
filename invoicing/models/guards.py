"""What the database itself says of redactions: once a row, as a `Redaction` tells it, and never under an invoice."""

import pgtrigger


def only_redacted(kind: str, *columns: str, empty: str, rests: str) -> pgtrigger.Trigger:
    """Return the trigger that lets `columns` and the seal change only from their content into nothing.

    :param kind: the column of `invoicing_redaction` that names such a row, without `_id`.
    :param empty: the SQL by which a row `{row}` is empty, for OLD and NEW.
    :param rests: the SQL of a subquery that finds the invoices that rest on NEW.
    """
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in (*columns, "seal"))
    return pgtrigger.Trigger(
        name="only_redacted",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(changed),
        func=f"""
            IF {empty.format(row="NEW")} AND NOT ({empty.format(row="OLD")})
                AND EXISTS (
                    SELECT FROM invoicing_redaction r
                    WHERE r.{kind}_id = NEW.id AND r.seal_after = NEW.seal AND r.seal_before IN ('', OLD.seal)
                )
                AND NOT EXISTS ({rests})
            THEN RETURN NEW; END IF;
            RAISE EXCEPTION 'personal data of this ledger goes by a redaction, and not from under an invoice';
        """,  # noqa: S608 (literals of the models)
    )
