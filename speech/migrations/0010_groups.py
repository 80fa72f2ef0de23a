from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWER = ("view_hourlyusage", "view_price", "view_cacherule")
REVIEWER = (*VIEWER, "view_texts", "view_call", "view_judgement", "view_entryhits", "delete_entries")
OPERATOR = (
    *REVIEWER,
    "use_playground",
    *("view_client", "add_client", "change_client", "delete_client"),
    *("add_price", "add_cacherule", "change_cacherule", "delete_cacherule"),
)
ADMINISTRATOR = (
    *OPERATOR,
    *("view_user", "add_user", "change_user", "delete_user"),
    *("view_group", "add_group", "change_group", "delete_group"),
)
GROUPS = {"Viewer": VIEWER, "Reviewer": REVIEWER, "Operator": OPERATOR, "Administrator": ADMINISTRATOR}


def make_groups(apps, schema_editor):
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    # Django makes permissions after all migrations.
    for label in ("auth", "caching", "speech"):
        create_permissions(installed.get_app_config(label), verbosity=0, apps=installed)
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(
                codename__in=codenames, content_type__app_label__in=("auth", "caching", "speech")
            ).values_list("pk", flat=True)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("speech", "0009_permissions"),
        ("caching", "0010_permissions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
