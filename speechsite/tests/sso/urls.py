from __future__ import annotations

from django.urls import include, path

from speechsite.urls import handler403 as handler403
from speechsite.urls import urlpatterns as others

urlpatterns = [path("admin/", include("speechsite.sso.urls")), *others]
