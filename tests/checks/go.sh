#!/bin/sh
# go.sh PREFIX [FOLDER]: the Go binding against an installed tree: style, vet, tests (plain, and with the race detector
# and cgo's strict pointer checks), the benchmark, the samples, the README's Go program, and what is said without cgo.
# FOLDER keeps Go's build cache from one run to the next. Nothing is fetched from a network. Skipped aloud where Go is
# not here.
set -eu
prefix=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
temporary=$(mktemp -d)
trap 'chmod -R u+w "$temporary"; rm -rf "$temporary"' EXIT
if [ -n "${2:-}" ]; then
  mkdir -p "$2"
  cache=$(realpath "$2")
else
  cache=$temporary
fi

for tool in go cc pkg-config; do
  if ! command -v $tool >/dev/null 2>&1; then
    echo "SKIPPED the Go binding: $tool is not here"
    exit 0
  fi
done

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name octet.pc)")
libdir=$(dirname "$PKG_CONFIG_PATH")
LD_LIBRARY_PATH=$libdir
# Go's build cache looks at flags, but neither at headers nor at libraries outside of the module: a flag names them.
installed=$(cat "$prefix/include/octet/octet.h" "$libdir/liboctet.so" | sha256sum | cut -c 1-16)
CGO_CFLAGS="-O2 -Wall -Werror -DOCTET_INSTALLED=$installed"
GOCACHE=$cache/go-build GOMODCACHE=$temporary/modules GOPATH=$temporary/path
CGO_ENABLED=1 GOENV=off GOFLAGS=-mod=readonly GOPROXY=off GOWORK=off GOTOOLCHAIN=local
export PKG_CONFIG_PATH LD_LIBRARY_PATH CGO_CFLAGS GOCACHE GOMODCACHE GOPATH
export CGO_ENABLED GOENV GOFLAGS GOPROXY GOWORK GOTOOLCHAIN
go version

fail() {
  echo "$1"
  exit 1
}

# strict <command...>: with cgo's checks of every pointer that is stored, which newer versions of Go compile in.
strict() {
  case $(go env GOVERSION) in
    go1.19* | go1.20*) GODEBUG=cgocheck=2 "$@" ;;
    *) GOEXPERIMENT=cgocheck2 "$@" ;;
  esac
}

unformatted=$(gofmt -l "$here/bindings/go" "$here/examples/go")
[ -z "$unformatted" ] || fail "gofmt would change: $unformatted"

cd "$here/bindings/go"
go vet ./...
go test -count=1 ./...
if [ "$(go env GOOS)" = linux ] && { [ "$(go env GOARCH)" = amd64 ] || [ "$(go env GOARCH)" = arm64 ]; }; then
  strict go test -count=1 -race ./...
else
  echo "SKIPPED the race detector: not for $(go env GOOS)/$(go env GOARCH)"
  strict go test -count=1 ./...
fi
go test -run none -bench . -benchtime 200000x .

# Without cgo the compiler says what is missing.
if CGO_ENABLED=0 go build . 2>"$temporary/no_cgo.log"; then
  fail "builds without cgo"
fi
grep -q 'octet needs cgo: set CGO_ENABLED=1' "$temporary/no_cgo.log" ||
  { cat "$temporary/no_cgo.log"; fail "the message without cgo is not there"; }
[ "$(grep -c '^\./' "$temporary/no_cgo.log")" = 1 ] ||
  { cat "$temporary/no_cgo.log"; fail "more is said than that"; }

# The samples, in a folder that finds ../models and may be written.
mkdir -p "$temporary/examples/go"
ln -s "$here/examples/models" "$temporary/examples/models"
cd "$here/examples/go"
go vet ./...
go build -o "$temporary/bin/" ./...
cd "$temporary/examples/go"
# says <pattern> <command...>: the command works, and its output has a line of this pattern.
says() {
  pattern=$1
  shift
  "$@" >"$temporary/sample.log" 2>"$temporary/sample.err" ||
    { cat "$temporary/sample.log" "$temporary/sample.err"; fail "$* fails"; }
  cat "$temporary/sample.log"
  grep -qE "$pattern" "$temporary/sample.log" || fail "$* is to say $pattern"
}
says '^\.\./models/test/0005\.png: class 4, probability 0\.[5-9]' "$temporary/bin/quantize_and_run"
[ -s shapes.octet ] || fail "quantize_and_run has written no shapes.octet"
says '^.*0005\.png: class 4, probability 0\.[5-9][0-9]+$' "$temporary/bin/classify_batch"
says '^500 frames, 3 sessions: [0-9]+ frames per second$' "$temporary/bin/classify_stream" shapes.octet 3 500
says '^500 frames, 2 sessions: [0-9]+ frames per second$' "$temporary/bin/classify_stream" ../models/shapes.onnx 2 500
says '^float and int8 agree on (9[5-9]|100)\.[0-9] % of 200 test pictures' "$temporary/bin/calibrate_from_memory"
if [ -f ../models/faces/faces.onnx ]; then
  says '^[0-9.-]+ [0-9.-]+ [0-9.-]+ [0-9.-]+ (0\.[7-9]|1\.)' "$temporary/bin/detect_faces"
  [ "$(head -c 4 faces.png | tail -c 3)" = PNG ] || fail "detect_faces has written no picture"
else
  echo "SKIPPED detect_faces: examples/models/faces/faces.onnx is not here"
fi
if "$temporary/bin/detect_faces" ../models/shapes.onnx ../models/test/0005.png no.png 2>"$temporary/sample.err"; then
  fail "detect_faces takes a classifier for a detector"
fi
[ ! -e no.png ] || fail "detect_faces has written a picture after an error"

# Each ```go block of the README is a whole program, which finds the project's own network beside it.
mkdir "$temporary/readme"
cd "$temporary/readme"
ln -s "$here/examples/models/shapes.onnx" "$here/examples/models/quantize.json" "$here/examples/models/calibration" .
awk '/^```go$/ { inside = 1; file = "readme" ++count ".go"; next }
     /^```/ { inside = 0 }
     inside { print >file }' "$here/README.md"
[ -f readme1.go ] || fail "the README shows no Go program"
go mod init hello 2>"$temporary/init.log" || { cat "$temporary/init.log"; fail "go mod init fails"; }
go mod edit -require octet@v0.0.0 -replace "octet=$here/bindings/go"
for source in readme*.go; do
  [ "$(wc -l <"$source")" -le 25 ] || fail "the README's program in Go has more than 25 lines"
  go vet "$source"
  go build -o program "$source"
  says '^[0-9.]+(e-[0-9]+)?$' ./program
  [ -s shapes.octet ] || fail "the README's program has written no shapes.octet"
  echo "the README's program in Go prints $(cat "$temporary/sample.log")"
done
echo "the Go binding and its samples work"
