#!/bin/sh
# accuracy.sh OCTET SHARED [--only PART]: every method of choosing ranges, alone and with the recipe that is recommended,
# on the networks and images of SHARED; prints the tables of README.md, "Accuracy". Minutes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -d "$2/models" ]; then
  echo "SKIPPED accuracy: '$2' is not here: nothing is measured on the real networks"
  exit 0
fi
PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 "$here/accuracy.py" "$@"
