from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0003_admission'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='process',
            index=models.Index(condition=Q(('finished_at__isnull', False)), fields=['workflow', 'finished_at'], name='process_ended'),
        ),
        migrations.AddIndex(
            model_name='process',
            index=models.Index(condition=Q(('superseded_by__isnull', False)), fields=['superseded_by'], name='process_superseded'),
        ),
        migrations.AddIndex(
            model_name='process',
            index=models.Index(condition=Q(('forked_from__isnull', False)), fields=['forked_from'], name='process_forked'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=Q(('error_class', ''), _negated=True), fields=['started_at'], name='attempt_failed'),
        ),
    ]
