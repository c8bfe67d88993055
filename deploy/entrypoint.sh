#!/bin/sh
# Starts one process of Fynlo: the same way on a laptop, in a test and in a container.
#   entrypoint.sh odoo | init | relay | gateway   [further arguments for the program]
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
python=${FYNLO_PYTHON:-python3}
what=${1:?odoo, init, relay or gateway}
shift

odoo() {
    if [ -n "${FYNLO_ODOO_BIN:-}" ]; then
        exec "$python" "$FYNLO_ODOO_BIN" -c "$ODOO_RC" "$@"
    fi
    exec /entrypoint.sh odoo "$@"
}

# Secrets appear once, in the volumes that all Odoo containers share.
secrets() {
    "$python" "$here/keys.py" ensure "$FYNLO_KEYS_DIR"
    [ -s "$FYNLO_PEPPER_FILE" ] || (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$FYNLO_PEPPER_FILE")
}

case $what in
odoo) odoo "$@" ;;
init)
    secrets
    odoo --stop-after-init --no-http "${FYNLO_INIT_ACTION:--i}" "${FYNLO_MODULES:-fynlo_payments}" "$@"
    ;;
relay | gateway)
    cd "$here/.."
    exec "$python" -m ws_server "$what" "$@"
    ;;
*)
    echo "entrypoint.sh: unknown process '$what' (odoo, init, relay, gateway)" >&2
    exit 64
    ;;
esac
