# What is done on the fresh system, as root, once it has booted. The last line is `all is well` or is missing.
set -eu
cd /proof
step() { echo "--- $*"; }
must() { # DESCRIPTION COMMAND...
    what="$1"
    shift
    if "$@"; then echo "ok: $what"; else
        echo "FAILED: $what: $*"
        journalctl -b --no-pager -n 60 | tail -60
        exit 1
    fi
}
has() { # TEXT COMMAND...
    text="$1"
    shift
    "$@" 2>&1 | grep -q -- "$text"
}

get() { # PATH, by bash's own sockets: a fresh system has no curl
    bash -c 'exec 3<>/dev/tcp/127.0.0.1/8421; printf "GET %s HTTP/1.1\r\nHost: 127.0.0.1:8421\r\nConnection: close\r\n\r\n" "$1" >&3; cat <&3' get "$1"
}

step install
must 'both packages install' dpkg -i ./cattleguard_*.deb ./cattleguard-agent_*.deb
must 'the user is there' id cattleguard
must 'its folders are private' [ "$(stat -c '%a %U' /var/lib/cattleguard)" = '700 cattleguard' ]
must 'the kill switch has a folder, which the service may look into' [ "$(stat -c '%a %U %G' /run/cattleguard)" = '750 root cattleguard' ]
must 'nothing was started' sh -c '! systemctl is-active -q cattleguard.service cattleguard-scan.timer'
must 'manual pages' man -w cattleguard cattleguard-scan cattleguard-agent
must 'completions' [ -s /usr/share/bash-completion/completions/cattleguard ]
must 'units are well formed' systemd-analyze verify /usr/lib/systemd/system/cattleguard*.service /usr/lib/systemd/system/cattleguard*.timer
for unit in /usr/lib/systemd/system/cattleguard*.service; do
    score=$(systemd-analyze security --offline=yes "$unit" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
    echo "$(basename "$unit") scores $score"
    limit=1.5
    [ "$(basename "$unit")" = cattleguard-agent.service ] && limit=2.5
    must "it is at most $limit" awk "BEGIN { exit !($score > 0 && $score <= $limit) }"
done

step configure
printf '{"Schema":"1"}' > /dev/null
rm -f /etc/cattleguard/cattleguard.toml
cattleguard init --account 123456789012 --region eu-west-1 > /proof/policy.json
cat >> /etc/cattleguard/cattleguard.toml <<'TOML'

[log]
format = "journald"
level = "info"

[[notify]]
name = "ops"
kind = "slack"
url = { credential = "slack-url" }
allow_private = true
TOML
cat > /etc/cattleguard/environment <<ENV
AWS_ENDPOINT_URL=$(cat url)
AWS_ACCESS_KEY_ID=testing
AWS_SECRET_ACCESS_KEY=testing
ENV
printf 'http://127.0.0.1:9/services/T/B/x' > /etc/cattleguard/secrets/slack-url
for unit in cattleguard cattleguard-scan; do
    mkdir -p "/etc/systemd/system/$unit.service.d"
    printf '[Service]\nLoadCredential=slack-url:/etc/cattleguard/secrets/slack-url\n' > "/etc/systemd/system/$unit.service.d/secrets.conf"
done
for unit in cattleguard cattleguard-serve; do
    mkdir -p "/etc/systemd/system/$unit.service.d"
    printf '[Service]\nWatchdogSec=4\nRestartSec=1\n' > "/etc/systemd/system/$unit.service.d/watchdog.conf"
done
systemctl daemon-reload

step 'a scan that root types'
must 'it ends with an answer' sh -c 'set -a; CREDENTIALS_DIRECTORY=/etc/cattleguard/secrets; . /etc/cattleguard/environment; set +a; cattleguard scan; [ $? -le 4 ]'
must 'its state belongs to the service' [ "$(stat -c '%a %U' /var/lib/cattleguard/state.db)" = '600 cattleguard' ]

step 'a scan by its timer'"'"'s service'
must 'a scan runs to its end' systemctl start cattleguard-scan.service
must 'it ended with an answer' has 'Result=success' systemctl show cattleguard-scan.service
must 'the state is private' [ "$(stat -c '%a %U' /var/lib/cattleguard/state.db)" = '600 cattleguard' ]
must 'its log has fields' has '"CATTLEGUARD_' journalctl -u cattleguard-scan.service -o json --no-pager
must 'the timer can be enabled' systemctl enable --now cattleguard-scan.timer
must 'the timer waits' systemctl is-active -q cattleguard-scan.timer

step 'the daemon'
must 'it says when it is ready' systemctl start cattleguard.service
must 'the timer went, since the daemon scans by itself' sh -c '! systemctl is-active -q cattleguard-scan.timer'
sleep 6
must 'it pings its watchdog' systemctl is-active -q cattleguard.service
must 'it was not restarted' has 'NRestarts=0' systemctl show cattleguard.service
systemctl kill -s STOP cattleguard.service
sleep 12
must 'a hang is noticed and ended' sh -c '! systemctl show cattleguard.service | grep -qx NRestarts=0'
must 'it runs again' systemctl is-active -q cattleguard.service
must 'it stops when told' systemctl stop cattleguard.service
must 'cleanly' has 'Result=success' systemctl show cattleguard.service

step 'the report on loopback'
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > /etc/cattleguard/secrets/operator.token
must 'it says when it is ready' systemctl start cattleguard-serve.service
must 'it is well' grep -q ok <<HEALTH
$(get /healthz)
HEALTH
must 'it has metrics' grep -q '^cattleguard_' <<METRICS
$(get /metrics)
METRICS
sleep 6
must 'it pings its watchdog, for it answers' systemctl is-active -q cattleguard-serve.service
must 'it was not restarted' has 'NRestarts=0' systemctl show cattleguard-serve.service
systemctl kill -s STOP cattleguard-serve.service
sleep 12
must 'a hang is noticed and ended' sh -c '! systemctl show cattleguard-serve.service | grep -qx NRestarts=0'
must 'it answers again' grep -q ok <<HEALTH
$(get /healthz)
HEALTH
must 'it stops when told' systemctl stop cattleguard-serve.service
must 'cleanly' has 'Result=success' systemctl show cattleguard-serve.service

step 'the agent'
must 'its timer is on' systemctl is-active -q cattleguard-agent.timer
mkdir -p /var/lib/amazon/ssm/i-0123456789abcdef0/inventory/custom
must 'a golden is baked' cattleguard-agent bake --root / --out /var/lib/cattleguard-agent/golden.cgm
must 'it reports' systemctl start cattleguard-agent.service
must 'and succeeds' has 'Result=success' systemctl show cattleguard-agent.service
report=$(ls /var/lib/amazon/ssm/i-0123456789abcdef0/inventory/custom/*.json | head -n 1)
must 'the report is where SSM looks' [ -s "$report" ]
echo 'echo changed' >> /etc/profile
must 'it reports again' systemctl start cattleguard-agent.service
must 'and names the file' grep -rq '/etc/profile' /var/lib/amazon/ssm/i-0123456789abcdef0/inventory/custom

step remove
must 'the packages go' dpkg -P cattleguard cattleguard-agent
must 'the state stays' [ -s /var/lib/cattleguard/state.db ]
must 'no unit is left' sh -c '! systemctl list-unit-files --no-legend | grep -q ^cattleguard'
echo 'all is well'
