# $1 is 1 on installation. In an image that is being built systemd does not run; the timer is enabled for its first boot.
[ ! -d /run/systemd/system ] || systemctl daemon-reload || :
if [ "$1" -eq 1 ]; then
    if [ -d /run/systemd/system ]; then
        systemctl enable --now cattleguard-agent.timer || :
    else
        systemctl enable cattleguard-agent.timer || :
    fi
fi
