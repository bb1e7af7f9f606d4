#!/bin/sh
# The image's roles: `web`, or a command of manage.py (worker --queues pdf, migrate, doctor, ...).
# Each takes this shell's place, so that the container's signals reach it.
set -eu

if [ "$1" != web ]; then
    exec python manage.py "$@"
fi
shift
# The workers' heartbeat files lie in memory: on a disk, a slow one would look like a dead worker.
exec gunicorn config.wsgi --bind 0.0.0.0:8000 --worker-class gthread --workers "${WEB_WORKERS:-2}" \
    --threads "${WEB_THREADS:-8}" --worker-tmp-dir /dev/shm --access-logfile - "$@"
