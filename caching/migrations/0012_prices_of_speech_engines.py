from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import migrations

PACKAGED = Path(__file__).resolve().parent.parent / "pricing" / "prices.json"


def add_new_prices(apps, schema_editor):
    """A new database has them from 0002. An older one may have prices of its own, which stay."""
    Price = apps.get_model("caching", "Price")
    for row in json.loads(PACKAGED.read_text()):
        if row["provider"] in ("deepgram", "google"):
            known = {name: row[name] for name in ("provider", "model", "unit")}
            if not Price.objects.filter(**known).exists():
                moment = datetime.fromisoformat(row["valid_from"])
                Price.objects.create(**{**row, "amount": Decimal(row["amount"]), "valid_from": moment})


class Migration(migrations.Migration):
    dependencies = [("caching", "0011_plain_help_texts_and_positions")]
    operations = [migrations.RunPython(add_new_prices, migrations.RunPython.noop)]
