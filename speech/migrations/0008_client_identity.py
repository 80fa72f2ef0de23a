import uuid

from django.db import migrations, models


def give_identities(apps, schema_editor):
    Client = apps.get_model("speech", "Client")
    for client in Client.objects.filter(identity=None):
        Client.objects.filter(pk=client.pk).update(identity=uuid.uuid4())


class Migration(migrations.Migration):

    dependencies = [
        ("speech", "0007_stored_response"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="identity",
            field=models.UUIDField(default=None, editable=False, null=True),
        ),
        migrations.RunPython(give_identities, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="client",
            name="identity",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
