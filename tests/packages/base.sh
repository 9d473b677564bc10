# Sourced by the tests beside it: `base` is a tree of Debian with systemd, kept in the cache for the next run, and what the
# arguments name is installed (COMMAND:PACKAGE).

cache="${XDG_CACHE_HOME:-$HOME/.cache}/cattleguard-packages"
base="$cache/bookworm"

[ "$(id -u)" = 0 ] || { echo "$0: needs root" >&2; exit 77; }
missing=()
for wanted in debootstrap:debootstrap "$@"; do
    command -v "${wanted%%:*}" >/dev/null || missing+=("${wanted#*:}")
done
[ ${#missing[@]} = 0 ] || env DEBIAN_FRONTEND=noninteractive apt-get install -qy "${missing[@]}"

make_base() {
    [ ! -e "$base/usr/bin/systemctl" ] || return 0
    rm -rf "$base"
    mkdir -p "$base"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,man-db bookworm "$base" \
        "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
}
