# $1 is 0 on removal.
if [ "$1" -eq 0 ]; then
    systemctl disable cattleguard-agent.timer || :
    [ ! -d /run/systemd/system ] || systemctl stop cattleguard-agent.timer || :
fi
