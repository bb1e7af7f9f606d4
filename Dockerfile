# One image, its role is its command: web (the default), worker [--queues ...], migrate, or any other manage.py command.
FROM python:3.12-slim-bookworm

# What WeasyPrint loads to print invoices; the subset library makes it two to five times faster. The fonts are for names
# in letters that are not Europe's, which wait without them.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-wqy-microhei \
    && rm -rf /var/lib/apt/lists/*

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    LOG_FORMAT=json

WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements.lock

COPY . .
RUN python -m compileall -q . \
    && useradd --system --uid 10001 --no-create-home encadena \
    && install -d -o encadena -g encadena -m 700 /data
USER encadena
VOLUME /data
EXPOSE 8000

ENTRYPOINT ["/app/scripts/entrypoint.sh"]
CMD ["web"]
