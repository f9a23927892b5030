#!/usr/bin/env bash
# Brings in what a build needs and is not there yet; says what and why before it does.
#
#   scripts/setup.sh            Swift and the C libraries
#   scripts/setup.sh oracles    .venv with the Python packages that some tests compare with
#   scripts/setup.sh peers      .venv with the Python packages that `make bench` measures against:
#                               all, or those of `peers words`, `encoding`, `retrieval`,
#                               `latency`, `large` or `encoding_cluster`
#
# Exit codes: 0 all is there, 69 something is missing and cannot be installed from here.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly swift_major=6 swift_minor=2

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 69; }

# apt_install REASON PACKAGE...
apt_install() {
    local reason=$1 as_root=()
    shift
    if ! command -v apt-get >/dev/null; then
        fail "missing: $reason. On Debian or Ubuntu the packages are: $*." \
            "Install what your system calls them, then try again."
    fi
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null ||
            fail "missing: $reason. As root, run: apt-get install $*"
        as_root=(sudo)
        [[ -t 0 ]] || as_root=(sudo -n)
    fi
    say "installing $* with apt-get${as_root[0]:+ through sudo} ($reason)"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq </dev/null >&2 ||
        say "apt-get update failed; trying with the lists at hand"
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2 ||
        fail "apt-get could not install $*; see its message above"
}

# Every line: how to see that it is there (a program, a pkg-config module or a header), package,
# purpose.
c_libraries() {
    local missing=() reasons=() kind name package purpose
    while read -r kind name package purpose; do
        case $kind in
            program) command -v "$name" >/dev/null && continue ;;
            library) command -v pkg-config >/dev/null && pkg-config --exists "$name" && continue ;;
            header) [[ -r $name ]] && continue ;;
        esac
        missing+=("$package")
        reasons+=("$package: $purpose")
    done <<'NEEDS'
program git git fetches the Swift packages
program make make the targets of this repository
program xz xz-utils .xz corpora of the benchmark
program pkg-config pkg-config finds the C libraries
library libzmq libzmq3-dev messages between coordinator and workers
library sqlite3 libsqlite3-dev the ledger of jobs
library libzstd libzstd-dev .zst corpora
library zlib zlib1g-dev .gz corpora
library libcurl libcurl4-openssl-dev models from a hub
library libcrypto libssl-dev SHA-256 of shards and models
library libxxhash libxxhash-dev checksums of payloads
library libutf8proc libutf8proc-dev Unicode for tokenizers
header /usr/include/libstemmer.h libstemmer-dev stems of words for search
NEEDS
    ((${#missing[@]})) || return 0
    local reason
    reason=$(printf '%s; ' "${reasons[@]}")
    apt_install "${reason%; }" "${missing[@]}"
}

swift_toolchain() {
    local line version major minor advice
    advice="install Swift 6.3 from https://www.swift.org/install/linux/ (or with swiftly, which"
    advice+=" that page describes), put its usr/bin on PATH and try again"
    command -v swift >/dev/null || fail "Swift is missing: $advice"
    line=$(swiftc --version 2>/dev/null) || fail "swiftc does not run: $advice"
    version=$(sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' <<<"$line" | head -n 1)
    major=${version%%.*} minor=${version#*.}
    [[ -n $version ]] || fail "swiftc tells no version: $advice"
    if ((major < swift_major || (major == swift_major && minor < swift_minor))); then
        fail "Swift $version is too old, $swift_major.$swift_minor is needed: $advice"
    fi
}

# python_packages PURPOSE REQUIREMENTS [VENV]; fails with 1 where they cannot be had.
python_packages() {
    local purpose=$1 requirements=$2 venv=${3:-.venv} stamp
    stamp=.venv/$(basename "$requirements" .txt).stamp
    [[ $stamp -nt $requirements ]] && return 0
    command -v python3 >/dev/null || { say "python3 is missing"; return 1; }
    if ! python3 -c 'import ensurepip' 2>/dev/null && command -v apt-get >/dev/null; then
        (apt_install "Python's venv, $purpose" python3-venv) || return 1
    fi
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    say "installing $(xargs <"$requirements") into $venv ($purpose)"
    [[ -x $venv/bin/python ]] || python3 -m venv "$venv" >&2 || return 1
    "$venv/bin/pip" install --quiet --requirement "$requirements" </dev/null >&2 || return 1
    touch "$stamp"
}

# peers [words|encoding|retrieval]
peers() {
    case $1 in
        "") peers words; peers encoding; peers retrieval ;;
        retrieval)
            python_packages "to measure against maxsim-cpu, bm25s and faiss" scripts/peers-retrieval.txt ||
                fail "the benchmark needs python3 with venv and scripts/peers-retrieval.txt"
            # An environment of its own: it pins a version of torch that others do not want.
            [[ .venv/peers-fast-plaid.stamp -nt scripts/peers-fast-plaid.txt ]] ||
                say "this takes 5 GB, most of them CUDA libraries that are not used"
            python_packages "to measure against fast-plaid" scripts/peers-fast-plaid.txt \
                .venv/fast-plaid ||
                fail "the benchmark needs python3 with venv and scripts/peers-fast-plaid.txt"
            peers latency
            ;;
        latency | large | encoding_cluster)
            python_packages "for the model that questions are encoded with" scripts/oracles.txt ||
                fail "the benchmark needs python3 with venv and the packages of scripts/oracles.txt"
            ;;
        words)
            python_packages "to measure against gensim and fastText" scripts/peers.txt ||
                fail "the benchmark needs python3 with venv and the packages of scripts/peers.txt"
            ;;
        encoding)
            [[ .venv/peers-encoding.stamp -nt scripts/peers-encoding.txt ]] ||
                say "this takes 6 GB, 4 of them CUDA libraries of PyPI's torch that are not used"
            python_packages "to measure against PyTorch, ONNX Runtime and OpenVINO" \
                scripts/peers-encoding.txt ||
                fail "the benchmark needs python3 with venv and scripts/peers-encoding.txt"
            ;;
        *) say "usage: scripts/setup.sh peers [words|encoding|retrieval|latency|large]"; exit 64 ;;
    esac
}

case ${1:-} in
    "")
        c_libraries
        swift_toolchain
        ;;
    oracles)
        python_packages "for tests against gensim, numpy, Kubernetes' schemas and others" scripts/oracles.txt ||
            say "without these packages the tests that need them are skipped; the others run"
        ;;
    peers) peers "${2:-}" ;;
    *) say "usage: scripts/setup.sh [oracles|peers [words|encoding|retrieval|latency|large]]"; exit 64 ;;
esac
