# $1 is 1 on installation, 2 or more on an upgrade (RPM packaging guide, scriptlets). Nothing is started.
systemd-sysusers cattleguard.conf || :
systemd-tmpfiles --create cattleguard.conf || :
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    [ "$1" -lt 2 ] || systemctl try-restart cattleguard.service cattleguard-serve.service || :
fi
