#!/usr/bin/env bash
# Builds the packages of scanner and agent into target/package: binaries, units, users, folders, completions, man pages.
#
#   scripts/packages.sh deb|rpm [PROFILE]
#
# PROFILE is a cargo profile [release]. CARGO_TARGET_DIR is honoured.
set -euo pipefail
cd "$(dirname "$0")/.."

kind="${1:?usage: $0 deb|rpm [PROFILE]}"
profile="${2:-release}"
folder="$profile"
[ "$profile" = dev ] && folder=debug
tools="${CATTLEGUARD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cattleguard-tools}"
target="${CARGO_TARGET_DIR:-target}"

install_tool() { # NAME VERSION
    PATH="$tools/bin:$PATH" command -v "$1" >/dev/null 2>&1 || cargo install --quiet --locked --root "$tools" --version "$2" "$1"
    export PATH="$tools/bin:$PATH"
}

cargo build --workspace --bins --profile "$profile"
out=target/package
rm -rf "$out/scanner" "$out/agent"
mkdir -p "$out/scanner/man" "$out/agent/man"
"$target/$folder/cattleguard" man --dir "$out/scanner/man"
"$target/$folder/cattleguard" man --agent --dir "$out/agent/man"
for shell in bash zsh fish; do
    "$target/$folder/cattleguard" completion "$shell" > "$out/scanner/$shell"
done

case "$kind" in
deb)
    install_tool cargo-deb 3.8.0
    for package in cattleguard cattleguard-agent; do
        cargo deb --no-build --profile "$profile" -p "$package" -o "$out/"
    done
    ;;
rpm)
    install_tool cargo-generate-rpm 0.21.1
    gzip -9nf "$out"/*/man/*.1
    # The paths in its metadata begin with target/$profile.
    for package in . agent; do
        cargo generate-rpm -p "$package" --profile "$folder" --target-dir "$target" -o "$out/"
    done
    ;;
*)
    echo "$0: $kind: deb or rpm" >&2
    exit 64
    ;;
esac
ls -l "$out"/*."$kind"
