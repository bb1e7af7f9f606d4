from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "admission_1.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0002_flow_control'),
        # workflows_pump defers its jobs by procrastinate_defer_jobs_v1
        ('procrastinate', '0041_post_retry_failed_job'),
    ]

    operations = [
        migrations.RunSQL(
            SQL.read_text(),
            """
            DROP FUNCTION workflows_pump;
            DROP FUNCTION workflows_claim;
            DROP TYPE workflows_claimed;
            DROP FUNCTION workflows_lane_places;
            DROP FUNCTION workflows_lane_tokens;
            DROP FUNCTION workflows_record;
            DROP FUNCTION workflows_seal;
            """,
        ),
    ]
