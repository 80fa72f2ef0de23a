from django.db import migrations


def redact(apps, schema_editor):
    """Names of removed entries held questions. What stays is who removed how many, and when."""
    LogEntry = apps.get_model("admin", "LogEntry")
    removals = LogEntry.objects.filter(content_type__app_label="caching", content_type__model="entryhits")
    for entry in removals:
        entry.object_repr = "entries"
        entry.change_message = entry.change_message.partition(":")[0]
        entry.save(update_fields=["object_repr", "change_message"])


class Migration(migrations.Migration):
    dependencies = [
        ("caching", "0008_audio_archive"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(redact, migrations.RunPython.noop)]
