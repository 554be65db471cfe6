#!/bin/sh
# Installs the program with everything it needs, removes it, or packs it into an archive.
#
#   scripts/install.sh install      into $DESTDIR$PREFIX (PREFIX: /usr/local)
#   scripts/install.sh uninstall    removes what install installed; keeps papers, indexes and settings
#   scripts/install.sh dist FOLDER  a self-contained archive with the installed files and its own `install.sh`
#   scripts/install.sh deb FOLDER   a Debian package of the same, with a systemd unit
#
# PROGRAM is the built program, LIBTORCH its libtorch, MODELS the folder of models, MODEL the one to install.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
PROGRAM=${PROGRAM:-$root/target/release/stroma}
LIBTORCH=${LIBTORCH:-$root/.libtorch}
MODELS=${MODELS:-$root/models}
MODEL=${MODEL:-bge-small-en-v1.5}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
# Files of the project that are installed as they are.
FILES='scripts/setup.py models/bge-small-en-v1.5.query_adapter.safetensors models/bge-small-en-v1.5.query_prefix.safetensors
    config.toml LICENSE-APACHE LICENSE-MIT README.md'

say() { printf 'install: %s\n' "$*"; }

# Truncates the list of folders in which the program looks for libtorch after the one beside it: the next one is the build folder,
# which anybody may create on another machine. The bytes are replaced by the same number of zeros.
without_build_folder() {
    [ "$(uname -s)" = Linux ] || return 0
    # The build may have reached it by links or not.
    for folder in "$(cd "$LIBTORCH" && pwd)" "$(cd "$LIBTORCH" && pwd -P)"; do
        built=:$folder/lib
        zeros=$(printf "%${#built}s" '' | sed 's/ /\\x00/g')
        LC_ALL=C sed -i "s|$built\\x00|$zeros\\x00|" "$1"
    done
    if LC_ALL=C grep -qa 'ORIGIN/\.\./lib/stroma:/' "$1"; then
        say "$PROGRAM was built with another libtorch than $LIBTORCH; set LIBTORCH to its folder" >&2
        rm -f "$1"
        exit 1
    fi
}

install_into() {
    to=$1
    for needed in "$PROGRAM" "$LIBTORCH/lib" "$MODELS/$MODEL/model.safetensors"; do
        [ -e "$needed" ] || { say "$needed is missing; run make build first" >&2; exit 1; }
    done
    mkdir -p "$to/bin" "$to/lib" "$to/share/stroma/models"
    # Written under a temporary name and renamed, so that a running program keeps its file.
    cp "$PROGRAM" "$to/bin/.stroma.new"
    strip "$to/bin/.stroma.new" 2> /dev/null || say 'strip is missing: the program keeps its symbols'
    without_build_folder "$to/bin/.stroma.new"
    chmod 755 "$to/bin/.stroma.new"
    mv -f "$to/bin/.stroma.new" "$to/bin/stroma"
    rm -rf "$to/lib/stroma"
    mkdir "$to/lib/stroma"
    # Copies symbolic links as links: some libraries have two names.
    cp -RP "$LIBTORCH/lib/." "$to/lib/stroma/"
    rm -rf "$to/share/stroma/models/$MODEL"
    cp -RL "$MODELS/$MODEL" "$to/share/stroma/models/$MODEL"
    # Measured on this machine.
    rm -f "$to/share/stroma/models/$MODEL/calibration.json"
    for file in $FILES; do
        cp "$root/$file" "$to/share/stroma/"
    done
    sed "s|/usr/local/bin|$PREFIX/bin|" "$root/deploy/stroma.service" > "$to/share/stroma/stroma.service"
    # The program generates the completions; a program for another machine cannot run here.
    if "$to/bin/stroma" completions bash > "$to/share/stroma/.completions" 2> /dev/null; then
        mkdir -p "$to/share/bash-completion/completions" "$to/share/zsh/site-functions" "$to/share/fish/vendor_completions.d"
        mv "$to/share/stroma/.completions" "$to/share/bash-completion/completions/stroma"
        "$to/bin/stroma" completions zsh > "$to/share/zsh/site-functions/_stroma"
        "$to/bin/stroma" completions fish > "$to/share/fish/vendor_completions.d/stroma.fish"
    fi
    rm -f "$to/share/stroma/.completions"
}

case ${1:-} in
    install)
        install_into "$DESTDIR$PREFIX"
        say "stroma is in $DESTDIR$PREFIX/bin"
        case ":$PATH:" in
            *":$PREFIX/bin:"*) ;;
            *) [ -n "$DESTDIR" ] || say "$PREFIX/bin is not on your PATH" ;;
        esac
        ;;
    uninstall)
        to=$DESTDIR$PREFIX
        rm -f "$to/bin/stroma" "$to/share/bash-completion/completions/stroma" "$to/share/zsh/site-functions/_stroma" \
            "$to/share/fish/vendor_completions.d/stroma.fish"
        rm -rf "$to/lib/stroma" "${to:?}/share/stroma/models/$MODEL"
        # Removes only installed files: with PREFIX=~/.local this folder belongs to the user and contains the index.
        for file in $FILES stroma.service; do
            rm -f "$to/share/stroma/$(basename "$file")"
        done
        rmdir "$to/share/stroma/models" "$to/share/stroma" 2> /dev/null || true
        say "removed from $to; settings, indexes and fetched models of users stay (\`stroma config show\` said where)"
        ;;
    dist)
        into=${2:?name the folder for the archive}
        name=stroma-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
        mkdir -p "$into"
        rm -rf "${into:?}/$name"
        install_into "$into/$name"
        printf '%s\n' '#!/bin/sh' '# Copies this archive into PREFIX (/usr/local); it also runs from where it was unpacked: bin/stroma.' \
            'set -eu' 'PREFIX=${PREFIX:-/usr/local}' 'cd "$(dirname "$0")"' 'mkdir -p "$PREFIX"' \
            'cp -R bin lib share "$PREFIX/"' 'echo "stroma is in $PREFIX/bin"' > "$into/$name/install.sh"
        chmod 755 "$into/$name/install.sh"
        tar -C "$into" -cf - "$name" | gzip -6 > "$into/$name.tar.gz"
        rm -rf "${into:?}/$name"
        say "$into/$name.tar.gz, $(($(wc -c < "$into/$name.tar.gz") / 1000000)) MB"
        ;;
    deb)
        into=${2:?name the folder for the package}
        case $(uname -m) in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; *) machine=$(uname -m) ;; esac
        PREFIX=/usr
        staged=$into/stroma
        mkdir -p "$into"
        rm -rf "${staged:?}"
        install_into "$staged/usr"
        mkdir -p "$staged/DEBIAN" "$staged/lib/systemd/system"
        mv "$staged/usr/share/stroma/stroma.service" "$staged/lib/systemd/system/"
        cat > "$staged/DEBIAN/control" << CONTROL
Package: stroma
Version: $version
Architecture: $machine
Maintainer: The contributors of Stroma <stroma@localhost>
Depends: libc6 (>= 2.35), libgcc-s1, libstdc++6
Recommends: python3, python3-pip
Installed-Size: $(du -sk "$staged/usr" | cut -f 1)
Section: science
Priority: optional
Description: semantic search over review articles
 Answers a question with the paragraphs of review articles that say something
 about it, the sentences that answer, and the primary studies that they cite.
 Holds libtorch and the default model; nothing is downloaded.
CONTROL
        package=$into/stroma_${version}_$machine.deb
        dpkg-deb --root-owner-group -Zgzip -z6 --build "$staged" "$package" > /dev/null
        rm -rf "${staged:?}"
        say "$package, $(($(wc -c < "$package") / 1000000)) MB"
        ;;
    *)
        sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
