# What install and uninstall both know: where things are, how to speak, how to become root. Sourced by bash.
# shellcheck shell=bash disable=SC2034
APP=/opt/smartmeter # code and virtual environment, of root: no service can change what runs
SETTINGS=/etc/smartmeter
DATA=/var/lib/smartmeter
BROKER_FILES=/etc/mosquitto/smartmeter # passwords, ACL and certificates, of the broker's user
BROKER_CONF=/etc/mosquitto/conf.d
KEPT_LISTENER=$BROKER_FILES/smartmeter-listener.conf # the user's, while smartmeter is not installed
UNITS=/usr/local/lib/systemd/system # what `systemctl edit` makes stands in /etc/systemd/system, and stays
TARGET=smartmeter.target
SERVICES=(reader relay_controller influx_bridge csv_logger)
WEB=smartmeter-web.service
WEB_TLS=$WEB.d/10-tls.conf
WEB_SETTINGS=$SETTINGS/web.env

say() { echo "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# Lists who listens at a port: NAME PROCESS, a line each.
listeners_at() {
    ss -Hltnp "sport = :$1" | sed -nE 's/.*users:\(\("([^"]*)",pid=([0-9]+).*/\1 \2/p'
}

# Where a browser finds the live page.
page_address() {
    local scheme=http host
    [ "$(web_setting TLS)" != yes ] || scheme=https
    host=$(web_setting BIND)
    [ "$host" != 0.0.0.0 ] || host=$(hostname)
    echo "$scheme://${host:-127.0.0.1}:$(page_port)"
}
page_port() { web_setting PORT | grep . || echo 8080; }
web_setting() { sed -n "s/^WEB_$1=//p" "$WEB_SETTINGS" | tail -n 1; }

# Goes on as root: at once, by sudo where it asks nothing, else not.
become_root() {
    [ "$(id -u)" != 0 ] || return 0
    local code=0
    scripts/as-root "$@" || code=$?
    [ "$code" != 77 ] || fail "this needs root; run: sudo make $(basename "$1")"
    exit "$code"
}

# Runs a command or function that speaks only if it fails: attempt WHAT COMMAND... Its first error or last word is the reason.
attempt() {
    local what=$1
    shift
    try "$@"
    [ "$job_code" = 0 ] || fail "$what: ${job_reason:-exit code $job_code}"
}
# The same, and what comes of a failure is the caller's: in `job_code` and `job_reason`.
# It has a process group of its own: Ctrl-C reaches the script, and `end_job` what the script has started.
job_code=0 job_reason='' job=
try() {
    local log
    log=$(mktemp)
    job_code=0
    set -m
    (
        set -e +m
        "$@"
    ) </dev/null >"$log" 2>&1 &
    job=$!
    set +m
    wait "$job" || job_code=$?
    end_job # what it has left behind
    job=
    job_reason=$(grep -m 1 -i 'no space left on device' "$log" || grep '[^[:space:]]' "$log" | tail -n 1 || true)
    rm -f "$log"
}
end_job() {
    [ -z "$job" ] || { kill -- "-$job"; wait "$job"; } 2>/dev/null || true
}
