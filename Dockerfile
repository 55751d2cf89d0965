# Images of the site: `web` (also for beat and for `manage.py prepare`), `worker`, which trains and so
# holds TensorFlow too, and `backup`: `web` with PostgreSQL's own tools, which `manage.py backup` and `restore` call.
#
#     docker build --target web --tag recogniser-web .
#     docker build --target worker --tag recogniser-worker .
#     docker build --target backup --tag recogniser-backup .
#
# All run as a user without rights on a root file system that may be read-only: what they keep is under /data,
# what they forget in /tmp.

# Debian 13 has the tools of PostgreSQL 17, the server's release in compose.yaml.
ARG PYTHON_IMAGE=python:3.11-slim-trixie

FROM ${PYTHON_IMAGE} AS installed-web
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements-web.txt /requirements/
RUN /venv/bin/pip install --only-binary :all: -r /requirements/requirements-web.txt

FROM installed-web AS installed-worker
COPY requirements-worker.txt /requirements/
RUN /venv/bin/pip install --only-binary :all: -r /requirements/requirements-worker.txt

FROM installed-web AS site
WORKDIR /app
COPY manage.py ./
COPY ml ml
COPY mnist_site mnist_site
COPY recognizer recognizer
COPY static static
COPY templates templates
# The key signs nothing here, and is in no image.
RUN SECRET_KEY=only-to-collect DATABASE_URL=sqlite://:memory: VAR_DIR=/tmp/var STATIC_ROOT=/app/collected \
    /venv/bin/python manage.py collectstatic --noinput --ignore tests --verbosity 0 \
 && /venv/bin/python -m compileall -q -j 0 ml mnist_site recognizer

FROM ${PYTHON_IMAGE} AS runtime
RUN groupadd --gid 10001 recogniser \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin recogniser \
 && install --directory --owner 10001 --group 10001 --mode 0750 /data \
 && install --directory --owner 10001 --group 10001 --mode 0755 /srv/static
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/data \
    STATIC_ROOT=/app/collected \
    WEB_HOST=0.0.0.0 \
    WEB_PORT=8000 \
    WEB_NOTICE_SECONDS=5
WORKDIR /app
COPY --from=site /app /app
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS worker
COPY --from=installed-worker /venv /venv
CMD ["python", "manage.py", "serve", "worker"]

FROM runtime AS web
COPY --from=installed-web /venv /venv
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"WEB_PORT\"]}/healthz', timeout=4)"]
CMD ["python", "manage.py", "serve", "web"]

FROM web AS backup
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/*
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "manage.py", "backup", "/backups"]
