#!/usr/bin/env bash
# Installs the RPM packages into a fresh tree, with their scripts, verifies, upgrades and removes them. The tree is Debian's of
# run.sh: what is proven is the packages' content, modes, owners and scripts, not the dependencies of a distribution.
#
#   tests/packages/rpm.sh [PROFILE]
#
# Needs root, and a Debian mirror where run.sh has not left its tree yet.
set -euo pipefail
cd "$(dirname "$0")/../.."

profile="${1:-release}"
# shellcheck source=tests/packages/base.sh
. tests/packages/base.sh rpm:rpm

./scripts/packages.sh rpm "$profile"
make_base
tree=$(mktemp -d)
cleanup() {
    ! mountpoint -q "$tree/proc" || umount "$tree/proc"
    rm -rf --one-file-system "$tree"
}
trap cleanup EXIT
cp -a --reflink=auto "$base/." "$tree/"
# As in a build of an image: systemd-tmpfiles asks for it.
mount -t proc proc "$tree/proc"

step() { echo "--- $*"; }
must() { # DESCRIPTION COMMAND...
    what="$1"
    shift
    if "$@"; then echo "ok: $what"; else
        echo "FAILED: $what: $*" >&2
        exit 1
    fi
}
has() { # TEXT COMMAND..., however it exits
    text="$1"
    shift
    grep -q -- "$text" <<<"$("$@" 2>&1)"
}
# Debian's rpm installs nothing unless told that this is meant. Dependencies are named as in other distributions.
in_tree() { rpm --root "$tree" --dbpath /var/lib/rpm --force-debian "$@"; }
there() { chroot "$tree" "$@"; }

scanner=(target/package/cattleguard-[0-9]*.rpm)
agent=(target/package/cattleguard-agent-[0-9]*.rpm)
must 'one package of each' [ "${#scanner[@]}:${#agent[@]}" = 1:1 ]

step 'what they say'
must 'digests' rpm -K --nosignature "${scanner[0]}" "${agent[0]}"
must 'it asks for systemd' has '^systemd' rpm -qp --requires "${scanner[0]}"
must 'its script makes the user' has 'systemd-sysusers cattleguard.conf' rpm -qp --scripts "${scanner[0]}"
must 'manual pages are documentation' has 'man1/cattleguard.1' rpm -qp --docfiles "${scanner[0]}"
must 'nobody owns what a build left' sh -c '! rpm -qp --qf "[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]" "$@" | grep -vqx root:root' rpm "${scanner[0]}" "${agent[0]}"
must 'nothing is for all to write' sh -c '! rpm -qp --qf "[%{FILEMODES:perms}\n]" "$@" | grep -q "^-.......w"' rpm "${scanner[0]}" "${agent[0]}"

step install
must 'both install' in_tree -i --nodeps "${scanner[0]}" "${agent[0]}"
must 'the user is there' there id cattleguard
must 'its folders are private' [ "$(there stat -c '%a %U' /var/lib/cattleguard)" = '700 cattleguard' ]
must 'secrets are for root' [ "$(there stat -c '%a %U' /etc/cattleguard/secrets)" = '700 root' ]
must 'the program runs' has "$(rpm -qp --qf '%{VERSION}' "${scanner[0]}")" there cattleguard --version
must 'the agent runs' has 'golden image' there cattleguard-agent --help
must 'completions' there test -s /usr/share/bash-completion/completions/cattleguard
# There is no rpm in the tree: what the agent knows it read from the database.
must 'the agent bakes' there cattleguard-agent bake --no-sandbox --out /root/golden.cgm
must 'it knows the owner of a file' has '^package  cattleguard-agent ' there cattleguard-agent show /root/golden.cgm /usr/bin/cattleguard-agent
must 'of every package' [ "$(there cattleguard-agent show /root/golden.cgm | sed -n 's/^books *//p')" = \
    "$(($(in_tree -qa | wc -l) + $(there dpkg-query -W -f '${db:Status-Abbrev}\n' | grep -c '^.i'))) packages" ]
must 'every file is as it was packed' in_tree -V --nodeps cattleguard cattleguard-agent
must 'the agent waits for the first boot' [ "$(there systemctl is-enabled cattleguard-agent.timer)" = enabled ]
must 'the scanner waits for its configuration' [ "$(there systemctl is-enabled cattleguard.service 2>/dev/null)" = disabled ]
for unit in cattleguard.service cattleguard-scan.service cattleguard-scan.timer cattleguard-serve.service cattleguard-agent.service; do
    must "$unit is well formed" there systemd-analyze verify --man=no "/usr/lib/systemd/system/$unit"
done

step upgrade
there sh -c 'echo "# mine" > /etc/cattleguard/cattleguard.toml; echo state > /var/lib/cattleguard/state.db'
must 'the same again' in_tree -U --force --nodeps "${scanner[0]}" "${agent[0]}"
must 'the configuration stays' there grep -qx '# mine' /etc/cattleguard/cattleguard.toml
must 'the timer stays enabled' [ "$(there systemctl is-enabled cattleguard-agent.timer)" = enabled ]
echo '#' >> "$tree/usr/lib/systemd/system/cattleguard.service"
must 'a file that was changed is named' has 'S.5.*cattleguard.service' in_tree -V --nodeps cattleguard

step remove
must 'both go' in_tree -e --nodeps cattleguard cattleguard-agent
must 'with their files' there sh -c '! ls /usr/bin/cattleguard* /usr/lib/systemd/system/cattleguard* 2>/dev/null | grep -q .'
must 'no unit is left enabled' there sh -c '! find /etc/systemd/system -name "cattleguard*" | grep -q .'
must 'the state stays: it is evidence' there grep -qx state /var/lib/cattleguard/state.db
echo 'all is well'
