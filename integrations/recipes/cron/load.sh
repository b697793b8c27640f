#!/bin/sh
# Load tonight's file. It may be started again at any time: it resumes what was started at Anaplan.
set -eu
exec 2>&1

night=${NIGHT:-$(date -u +%F)}
record="$RUNS/$night-airlines.json"
refused="$RUNS/$night-refused.csv"

# One load at a time; the lock ends with the process, however that ends.
exec 9> "$RUNS/lock"
if ! flock --nonblock 9; then
    echo "$(date -u +%FT%TZ) another load is running"
    exit 75
fi

# A secret that is mounted as a file takes the place of a variable.
if [ -r "${PASSWORD_FILE:=/run/secrets/anaplan_password}" ]; then
    ANAPLAN_PASSWORD=$(cat "$PASSWORD_FILE")
    export ANAPLAN_PASSWORD
fi

echo "$(date -u +%FT%TZ) load of $night begins"
code=0
anaplan import "$DATA/airlines.csv" --run 'Airlines from airlines.csv' --timeout 3600 \
    --run-store "$record" --refused "$refused" --allow-refused "${ALLOW_REFUSED:-0}" || code=$?
echo "$(date -u +%FT%TZ) load of $night ends with exit code $code"

find "$RUNS" -name '*-airlines.json' -mtime +30 -delete
find "$RUNS" -name '*-refused.csv' -mtime +30 -delete
exit "$code"
