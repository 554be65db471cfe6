#!/usr/bin/env bash
# An OpenSearch cluster on this machine for tests and trials, on loopback addresses only, without Docker and without root.
# It is put together from Maven Central: the server, the modules that Stroma needs, and the plugin for vectors.
#
#   scripts/opensearch.sh get           downloads OpenSearch and checks it (65 MB); the other commands do so when needed
#   scripts/opensearch.sh up [NODES]    starts a cluster of NODES nodes (1), and waits until it can be used
#   scripts/opensearch.sh url           prints the addresses of its nodes, separated by commas
#   scripts/opensearch.sh start N       starts node N again after `kill` or `end`, and waits until it has joined
#   scripts/opensearch.sh end N         ends node N in an orderly way (SIGTERM)
#   scripts/opensearch.sh kill N        kills node N at once (SIGKILL)
#   scripts/opensearch.sh stop N        halts node N, which keeps its connections but no longer answers (SIGSTOP)
#   scripts/opensearch.sh cont N        lets node N go on (SIGCONT)
#   scripts/opensearch.sh down          ends all nodes; `up` continues with their data
#   scripts/opensearch.sh remove        ends all nodes and removes their data
#   scripts/opensearch.sh run [NODES]   a new cluster that lives until the end of standard input; prints its addresses first
#
# Settings: STROMA_OPENSEARCH_DIR, a folder for downloads and data (target/opensearch); STROMA_OPENSEARCH_CLUSTER, the name of
# the cluster, of which several can run at once (main); STROMA_OPENSEARCH_HEAP, the memory of each node (512m);
# STROMA_OPENSEARCH_JAVA, a JDK of version 21 or newer. Exit code 3: something is missing that cannot be downloaded.
set -euo pipefail
export LC_ALL=C

version=3.5.0
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/opensearch
folder=${STROMA_OPENSEARCH_DIR:-$(dirname "$sources")/../target/opensearch}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
home=$folder/opensearch-$version
cluster=$folder/clusters/${STROMA_OPENSEARCH_CLUSTER:-main}
heap=${STROMA_OPENSEARCH_HEAP:-512m}

fail() {
    local code=$1
    shift
    printf 'opensearch: %s\n' "$*" >&2
    exit "$code"
}

# The first JDK of version 21 or newer.
find_java() {
    local jdk path_java
    path_java=$(readlink -f "$(command -v javac || true)" 2> /dev/null || true)
    for jdk in "${STROMA_OPENSEARCH_JAVA:-}" "${JAVA_HOME:-}" "${path_java%/bin/javac}" /usr/lib/jvm/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        [ -x "$jdk/bin/javac" ] && [ -r "$jdk/release" ] || continue
        if [ "0$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$jdk/release")" -ge 21 ]; then
            echo "$jdk"
            return
        fi
    done
    fail 3 'no JDK of version 21 or newer; install one, or name it by STROMA_OPENSEARCH_JAVA'
}

for tool in curl ps "${PYTHON:-python3}"; do
    command -v "$tool" > /dev/null || fail 3 "$tool is missing"
done

checksums() {
    if command -v sha256sum > /dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# Moves jars of lib/ into a module of its own, and describes it as a distribution does.
#   module NAME CLASS 'PATTERNS OF JARS' [ANOTHER LINE]
module() {
    local name=$1 class=$2 pattern
    mkdir -p "modules/$name"
    for pattern in $3; do
        find lib -name "$pattern" -exec mv {} "modules/$name/" \;
    done
    printf '%s\n' "name=$name" "description=$name" "version=$version" "opensearch.version=$version" 'java.version=21' \
        "classname=$class" "${4:-}" > "modules/$name/plugin-descriptor.properties"
    echo 'grant { permission java.security.AllPermission; };' > "modules/$name/plugin-security.policy"
}

# The plugin for vectors, which also serves gRPC: the interfaces of that module are not published, so that three empty types
# take their place. They are never called.
knn_plugin() {
    local plugin=plugins/opensearch-knn stub=stub package=org.opensearch.transport.grpc.spi name
    mkdir -p "$plugin" "$stub"
    (cd "$plugin" && "$java/bin/jar" xf "../../lib/opensearch-knn-$version.0.zip")
    rm "lib/opensearch-knn-$version.0.zip"
    mv lib/guava-* lib/failureaccess-* "$plugin/"
    sed 's/^extended.plugins=.*/extended.plugins=lang-painless/' "$plugin/plugin-descriptor.properties" > "$stub/descriptor"
    mv "$stub/descriptor" "$plugin/plugin-descriptor.properties"
    for name in QueryBuilderProtoConverter QueryBuilderProtoConverterRegistry; do
        echo "package $package; public interface $name {}" > "$stub/$name.java"
    done
    echo 'package org.opensearch.protobufs; public class QueryContainer { public enum QueryContainerCase { KNN } }' \
        > "$stub/QueryContainer.java"
    "$java/bin/javac" -d "$stub/classes" "$stub"/*.java
    "$java/bin/jar" cf "$plugin/grpc-stub.jar" -C "$stub/classes" .
    rm -r "$stub"
}

get() {
    [ ! -e "$home" ] || return 0
    command -v mvn > /dev/null || fail 3 'mvn is missing; install Maven'
    local built
    built=$(mktemp -d "$folder/new.XXXXXX")
    # shellcheck disable=SC2064 # The folder of now.
    trap "rm -rf '$built'" EXIT
    # Nothing that depends on the machine: the jars with native parts that are taken have those of all machines.
    mvn --quiet --batch-mode --strict-checksums --file "$sources/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$built/lib" \
        -DexcludeClassifiers=linux-x86_64,linux-aarch_64,osx-x86_64,osx-aarch_64,windows-x86_64 > "$built/maven.log" 2>&1 || {
        cat "$built/maven.log" >&2
        fail 1 'Maven could not download OpenSearch'
    }
    rm "$built/maven.log"
    (cd "$built/lib" && checksums -- *) | diff "$sources/lib.sha256" - >&2 ||
        fail 1 'the files differ from those of scripts/opensearch/lib.sha256'
    (
        cd "$built"
        mkdir bin
        module transport-netty4 org.opensearch.transport.Netty4ModulePlugin 'transport-netty4-client-* netty-* opensearch-netty4-*'
        module lang-painless org.opensearch.painless.PainlessModulePlugin \
            'lang-painless-* opensearch-scripting-painless-spi-* antlr4-* asm-*'
        module analysis-common org.opensearch.analysis.common.CommonAnalysisModulePlugin 'analysis-common-*' \
            'extended.plugins=lang-painless'
        module reindex org.opensearch.index.reindex.ReindexModulePlugin \
            'reindex-client-* opensearch-rest-client-* opensearch-ssl-config-* http* commons-* slf4j-*'
        knn_plugin
    )
    chmod -R a+rX "$built"
    # Fails where another process was quicker.
    "${PYTHON:-python3}" -c 'import os, sys; os.rename(*sys.argv[1:])' "$built" "$home" 2> /dev/null ||
        [ -e "$home/lib" ] || fail 1 "cannot create $home"
    trap - EXIT
}

# OpenSearch refuses to run as root; then `nobody` runs it.
as_user=(env)
if [ "$(id -u)" = 0 ]; then as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi

# As many ports as are asked for, all free now.
free_ports() {
    "${PYTHON:-python3}" -c 'import socket, sys
open = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in open: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in open))' "$1"
}

# The numbers of the nodes.
nodes() {
    find "$cluster" -mindepth 1 -maxdepth 1 -name '[0-9]*' 2> /dev/null | sed 's|.*/||' | sort -n
}

# Prints the process id of a node, if it runs. Another process that was given the same id later is not taken for it.
process() {
    local pid
    pid=$(cat "$cluster/$1/pid" 2> /dev/null) || return 1
    ps -p "$pid" -o command= 2> /dev/null | grep -qF -- "-Dopensearch.path.conf=$cluster/$1/conf " && echo "$pid"
}

# Creates the folders and settings of a cluster.
create() {
    local count=$1 ports seeds='' names='' node manager
    mkdir -p "$cluster/backup"
    read -r -a ports <<< "$(free_ports $((2 * count)))"
    for node in $(seq "$count"); do
        seeds+=${seeds:+, }127.0.0.1:${ports[count + node - 1]}
        names+=${names:+, }node-$node
    done
    manager="cluster.initial_cluster_manager_nodes: [$names]"
    for node in $(seq "$count"); do
        mkdir -p "$cluster/$node"/{conf,data,logs,tmp}
        echo "http://127.0.0.1:${ports[node - 1]}" > "$cluster/$node/url"
        cat > "$cluster/$node/conf/opensearch.yml" << SETTINGS
cluster.name: $(basename "$cluster")
node.name: node-$node
network.host: 127.0.0.1
http.port: ${ports[node - 1]}
transport.port: ${ports[count + node - 1]}
discovery.seed_hosts: [$seeds]
$manager
path.data: $cluster/$node/data
path.logs: $cluster/$node/logs
# For backups: a repository of type fs can be in it.
path.repo: [$cluster/backup]
# A node that no longer answers is left out after some seconds; by default after half a minute.
cluster.fault_detection.follower_check.timeout: 3s
cluster.fault_detection.follower_check.retry_count: 2
cluster.fault_detection.leader_check.timeout: 3s
cluster.fault_detection.leader_check.retry_count: 2
# The defaults are shares of the disk, which a machine that does other work easily exceeds.
cluster.routing.allocation.disk.watermark.low: 2gb
cluster.routing.allocation.disk.watermark.high: 1500mb
cluster.routing.allocation.disk.watermark.flood_stage: 1gb
SETTINGS
        cat > "$cluster/$node/conf/log4j2.properties" << 'SETTINGS'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
SETTINGS
    done
    # By `nobody`, who may be the one to run it.
    if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$cluster"; fi
}

launch() {
    local node=$1 place=$cluster/$1
    "${as_user[@]}" test -x "$place/data" -a -r "$home/lib/opensearch-$version.jar" ||
        fail 1 "the user \`nobody\`, who runs OpenSearch instead of root, cannot enter $folder; name another folder by STROMA_OPENSEARCH_DIR"
    # In a group of its own: an interrupt from the keyboard is for the script, which ends all nodes.
    (
        set -m
        cd "$place/tmp"
        "${as_user[@]}" "$java/bin/java" "-Xms$heap" "-Xmx$heap" -XX:+ExitOnOutOfMemoryError \
            -XX:+UseG1GC -XX:G1ReservePercent=25 -XX:InitiatingHeapOccupancyPercent=30 \
            --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Djava.io.tmpdir="$place/tmp" \
            -Dlog4j2.disable.jmx=true -Dopensearch.path.home="$home" -Dopensearch.distribution.type=tar \
            -Dopensearch.path.conf="$place/conf" -cp "$home/lib/*" org.opensearch.bootstrap.OpenSearch \
            < /dev/null > "$place/output" 2>&1 &
        echo $! > "$place/pid"
    )
}

# Waits until a node says that the cluster has at least so many nodes, and a copy of each shard.
wait_for() {
    local node=$1 count=$2 url health
    url=$(cat "$cluster/$node/url")
    health="$url/_cluster/health?wait_for_nodes=%3E%3D$count&wait_for_status=yellow&timeout=2s"
    for _ in $(seq 240); do
        if curl --silent --max-time 5 "$health" | grep -q '"timed_out":false'; then return; fi
        process "$node" > /dev/null || break
        sleep 0.5
    done
    tail -n 20 "$cluster/$node/output" >&2
    fail 1 "node $node did not start; its output is in $cluster/$node/output"
}

up() {
    local node count
    java=$(find_java)
    get
    [ -n "$(nodes)" ] || create "${1:-1}"
    count=$(nodes | wc -l)
    for node in $(nodes); do
        process "$node" > /dev/null || launch "$node"
    done
    for node in $(nodes); do
        wait_for "$node" "$count"
    done
}

start() {
    local node count=0
    java=$(find_java)
    process "$1" > /dev/null || launch "$1"
    for node in $(nodes); do
        if process "$node" > /dev/null; then count=$((count + 1)); fi
    done
    wait_for "$1" "$count"
}

signal() {
    local pid
    pid=$(process "$2") || fail 1 "node $2 does not run"
    kill "-$1" "$pid"
}

# All at once: a node that is ended alone hands its work over first.
down() {
    local node running
    for node in $(nodes); do
        if running=$(process "$node"); then kill -CONT "$running" && kill "$running"; fi
    done
    for _ in $(seq 100); do
        running=
        for node in $(nodes); do running+=$(process "$node") || true; done
        [ -n "$running" ] || return 0
        sleep 0.1
    done
    for node in $(nodes); do
        if running=$(process "$node"); then kill -KILL "$running"; fi
    done
}

url() {
    [ -n "$(nodes)" ] || fail 1 "there is no cluster in $cluster"
    for node in $(nodes); do cat "$cluster/$node/url"; done | paste -s -d , -
}

remove() {
    down
    rm -rf "$cluster"
}

# Whoever started this holds the other end of standard input, which is closed when that process ends, whatever ends it.
run() {
    [ -z "$(nodes)" ] || fail 1 "there is a cluster in $cluster; STROMA_OPENSEARCH_CLUSTER names another one"
    java=$(find_java)
    get
    trap remove EXIT
    trap 'exit 1' HUP INT TERM
    up "${1:-1}"
    url
    # In the background, so that signals are handled at once.
    cat <&0 > /dev/null &
    wait $!
}

# Read as a whole before it runs, so that the file may change meanwhile.
{
    case ${1:-} in
        get)
            java=$(find_java)
            get
            ;;
        up)
            up "${2:-1}"
            url
            ;;
        url) url ;;
        start) start "${2:?the number of the node}" ;;
        end) signal TERM "${2:?the number of the node}" ;;
        kill) signal KILL "${2:?the number of the node}" ;;
        stop) signal STOP "${2:?the number of the node}" ;;
        cont) signal CONT "${2:?the number of the node}" ;;
        down) down ;;
        remove) remove ;;
        run) run "${2:-1}" ;;
        *)
            sed -n '2,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
            exit 2
            ;;
    esac
    exit
}
