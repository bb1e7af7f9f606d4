"""The one model of the other side."""

from typing import ClassVar

from django.db import models

from common.ids import uuid7


class Received(models.Model):
    """One thing received, as it came (benchmarks.database makes the table)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    received_at = models.DateTimeField()
    body = models.BinaryField()

    objects: ClassVar[models.Manager["Received"]] = models.Manager()

    class Meta:
        app_label = "bare"
        managed = False
        db_table = "bare_received"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return str(self.pk)
