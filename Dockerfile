# syntax=docker/dockerfile:1
# One image for every role: web, workers, scheduler and migrations differ in their command only.

# The front-end packages; Node itself does not reach the final image.
FROM node:24.18.0-bookworm-slim AS front-end
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

# The Python packages, every file checked against its hash.
FROM python:3.13.16-slim-bookworm AS packages
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    --only-binary :all: --requirement requirements.txt

FROM python:3.13.16-slim-bookworm AS onelot
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent onelot \
    && install --directory --owner onelot --group onelot --mode 0700 \
       /var/lib/onelot/keys /var/lib/onelot/witness
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY --from=front-end /build/node_modules ./node_modules
COPY . .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/app/static-root
# The values below serve this one command and stay in no layer: collecting files needs settings,
# and opens neither a database nor a broker.
RUN SECRET_KEY=unused KEY_DIR=/nonexistent CHECKPOINT_FILE=/nonexistent/none \
    DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://localhost ONELOT_ENV=test \
    python manage.py collectstatic --noinput
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "/healthz"]
CMD ["uvicorn", "mes.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "20"]
