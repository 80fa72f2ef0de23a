# syntax=docker/dockerfile:1
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

# Every package by its hash, built where a compiler is; the image that runs has none.
FROM ${PYTHON_IMAGE} AS build
WORKDIR /srv/gateway
RUN python -m venv /opt/venv
COPY requirements.lock requirements-embedded.lock requirements-otel.lock requirements-sso.lock requirements-s3.lock requirements-codecs.lock ./
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
# The voice; the private Redis of `make run` has no place in an image.
RUN awk '/^[a-z]/ {ours = /^espeakng-loader==/} ours' requirements-embedded.lock >voice.lock \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r voice.lock
# Traces and single sign-on; besides them s3 (AUDIO_ARCHIVE=s3://…) and codecs (opus, aac, flac).
ARG EXTRAS="otel sso"
RUN for extra in $EXTRAS; do \
        /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r "requirements-$extra.lock" || exit 1; \
    done \
    && /opt/venv/bin/python -m pip uninstall --yes pip

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --home-dir /srv/gateway gateway \
    && mkdir -p /var/lib/gateway && chown gateway:gateway /var/lib/gateway
WORKDIR /srv/gateway
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY speechsite speechsite
COPY caching caching
COPY speech speech
COPY templates templates
# Hashed and compressed; what else the command writes stays in the layer of the build.
RUN mkdir collected && VAR_DIR=/tmp/build /opt/venv/bin/python manage.py collectstatic --noinput -v0 -i rest_framework -i 'redoc*' \
    && rm -r /tmp/build
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 VAR_DIR=/var/lib/gateway
# The root file system may be read-only: what is written goes to these two.
VOLUME ["/var/lib/gateway", "/tmp"]
USER gateway
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
CMD ["python", "manage.py", "serve"]
