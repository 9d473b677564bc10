# $1 is 0 on removal.
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
    systemctl disable --now cattleguard.service cattleguard-scan.timer cattleguard-serve.service || :
fi
