from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

CODENAMES = ("view_curatedanswer", "add_curatedanswer", "change_curatedanswer", "delete_curatedanswer")


def permit(apps, schema_editor):
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    # Django makes permissions after all migrations.
    create_permissions(installed.get_app_config("caching"), verbosity=0, apps=installed)
    permissions = Permission.objects.filter(codename__in=CODENAMES, content_type__app_label="caching")
    for group in Group.objects.filter(name__in=("Operator", "Administrator")):
        group.permissions.add(*permissions.values_list("pk", flat=True))


class Migration(migrations.Migration):
    dependencies = [
        ("speech", "0014_monthly_budget"),
        ("caching", "0017_curated_answers"),
    ]
    operations = [migrations.RunPython(permit, migrations.RunPython.noop)]
