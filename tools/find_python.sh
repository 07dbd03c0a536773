# Print the path of a Python that can run this project: PYTHON when it is set, else the one that has made .venv, else the
# first on PATH that is 3.11 or newer and can make virtual environments, else the first that is 3.11 or newer. A version
# manager's shim may stand for none.
resolve='import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable))'
old='import sys; sys.exit(sys.version_info < (3, 11))'
whole='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'

if [ -n "${PYTHON:-}" ]; then
  if "$PYTHON" -IS -c "$old" 2>/dev/null; then
    exec "$PYTHON" -IS -c "$resolve" 2>/dev/null
  fi
  echo "PYTHON=$PYTHON is no Python 3.11 or newer. Name another one, or leave PYTHON out." >&2
  exit 1
fi
maker=python3
if [ -r .venv/stamps/environment ]; then
  IFS= read -r maker <.venv/stamps/environment
fi
for test in "$whole" "$old"; do
  for name in "$maker" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if command -v "$name" >/dev/null && "$name" -IS -c "$test" 2>/dev/null; then
      exec "$name" -IS -c "$resolve" 2>/dev/null
    fi
  done
done
echo 'There is no Python 3.11 or newer on PATH. Install one, or name one: `make PYTHON=/path/to/python3`.' >&2
exit 1
