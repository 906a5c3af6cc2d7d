#!/usr/bin/env bash
# Installs the Debian packages named as arguments that are not installed yet; does nothing when none is missing.
# Checks for Swift, which no Debian package brings.
set -euo pipefail

if ! command -v swift >/dev/null; then
    echo "setup: Swift is not installed: get Swift 6.3 or later from https://www.swift.org/install and put it on PATH" >&2
    exit 1
fi

missing=()
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "setup: this system has no apt-get: install the equivalents of ${missing[*]} and run make again" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup: run as root, or install sudo: apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
