from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import migrations

PACKAGED = Path(__file__).resolve().parent.parent / "pricing" / "prices.json"


def add_packaged_prices(apps, schema_editor):
    Price = apps.get_model("caching", "Price")
    rows = json.loads(PACKAGED.read_text())
    Price.objects.bulk_create(
        Price(
            **{
                **row,
                "amount": Decimal(row["amount"]),
                "valid_from": datetime.fromisoformat(row["valid_from"]),
            }
        )
        for row in rows
    )


class Migration(migrations.Migration):
    dependencies = [("caching", "0001_initial")]
    operations = [migrations.RunPython(add_packaged_prices, migrations.RunPython.noop)]
