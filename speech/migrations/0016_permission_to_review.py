from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def permit(apps, schema_editor):
    """Give the permission to review to all who could review by the permission to delete entries."""
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    User = apps.get_model("auth", "User")
    # Django makes permissions after all migrations.
    create_permissions(installed.get_app_config("caching"), verbosity=0, apps=installed)
    ours = Permission.objects.filter(content_type__app_label="caching")
    reviewing = ours.get(codename="add_judgement").pk
    for group in Group.objects.filter(permissions__in=ours.filter(codename="delete_entries")):
        group.permissions.add(reviewing)
    for user in User.objects.filter(user_permissions__in=ours.filter(codename="delete_entries")):
        user.user_permissions.add(reviewing)


class Migration(migrations.Migration):
    dependencies = [
        ("speech", "0015_curated_answers"),
    ]
    operations = [migrations.RunPython(permit, migrations.RunPython.noop)]
