#!/usr/bin/env bash
# Asks a local HTTP port for a path and succeeds if the answer is 200: a probe for images without
# curl.
#
#   http-ok HOST PORT PATH
#
# Exit codes: 0 the answer is 200, 1 it is another, 64 wrong use, 69 nobody answers within 4 s.
set -uo pipefail

(($# == 3)) || { echo "usage: http-ok HOST PORT PATH" >&2; exit 64; }

ask() {
    { exec 3<>"/dev/tcp/$1/$2"; } 2>/dev/null || return 69
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$3" "$1" >&3
    local line
    IFS= read -r -t 4 line <&3 || return 69
    [[ $line == "HTTP/1."?" 200"* ]] || { echo "http-ok: $3: ${line%$'\r'}" >&2; return 1; }
}

ask "$@"
code=$?
((code == 69)) && echo "http-ok: nobody answers at $1:$2" >&2
exit "$code"
