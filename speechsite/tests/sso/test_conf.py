from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from speechsite.conf import sso


@pytest.mark.parametrize(
    ("issuer", "client_id", "passwords", "complaint"),
    [
        ("", "", False, "PASSWORD_LOGIN=0 needs OIDC_ISSUER"),
        ("https://id.example.com", "", True, "OIDC_ISSUER needs OIDC_CLIENT_ID"),
        ("http://id.example.com", "gateway", True, "begins with https://"),
        ("id.example.com", "gateway", True, "begins with https://"),
        ("http://localhost.example.com", "gateway", True, "begins with https://"),
    ],
)
def test_a_configuration_that_cannot_work_is_told(issuer: str, client_id: str, passwords: bool, complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=complaint):
        sso.backends(issuer, client_id, passwords=passwords)


@pytest.mark.parametrize("items", [["staff"], ["=Viewer"], ["staff=Boss"], ["staff=Viewer", "admins=viewer"]])
def test_roles_must_exist(items: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="OIDC_ROLES must look like"):
        sso.roles("OIDC_ROLES", items)


def test_without_roles_groups_have_the_same_names() -> None:
    assert sso.roles("OIDC_ROLES", []) == {role: role for role in sso.ROLES}
    assert sso.roles("OIDC_ROLES", ["a=b=Viewer"]) == {"a=b": "Viewer"}
