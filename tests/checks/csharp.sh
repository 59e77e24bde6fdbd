#!/bin/sh
# csharp.sh PREFIX: the C# binding against an installed tree: its tests, its package, the samples and the programs that
# the READMEs show, built from that package alone, and one of them compiled ahead of time.
#
# SKIPPED is said where the .NET SDK (8 or later) or the packages that its tests take are not to be had.
set -eu
prefix=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
models=$here/examples/models
library=$(find "$prefix" -name 'liboctet.so.1' | head -n 1)
[ -n "$library" ] || { echo "no liboctet.so.1 under $prefix"; exit 1; }

if ! command -v dotnet >/dev/null 2>&1; then
  echo "SKIPPED the C# binding: dotnet is not on the path"
  exit 0
fi
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
sdk=$(dotnet --version 2>/dev/null || echo none)
case $sdk in none | [1-7].*)
  echo "SKIPPED the C# binding: it takes the .NET SDK 8 or later, and dotnet has: $sdk"
  exit 0
  ;;
esac

# Everything that is made stays here, packages too: one of an earlier build must not pass for this one's.
work=${OCTET_CSHARP_WORK:-$here/build/csharp}
mkdir -p "$work"
rm -rf "$work/packages" "$work/samples" "$work/readme" "$work/nuget/octet"
export NUGET_PACKAGES="$work/nuget"
unset OCTET_LIBRARY OCTET_ISA LD_LIBRARY_PATH

# What the C side says, for the tests.
cc -fpreprocessed -dD -E -P "$here/include/octet/octet.h" >"$work/header.h"  # without comments
awk 'BEGIN { print "#include <octet/octet.h>\n#include <stdio.h>\nint main(void) {" }
     /^typedef struct q_[a-z_]+ \{/ { name = $3; printf "  printf(\"%s %%zu\\n\", sizeof(%s));\n", name, name; next }
     /^\}/ { name = "" }
     name != "" && /;/ {
       member = $0
       # int32_t (*load)(...);  or  float mean[4];
       if (sub(/^.*\(\*/, "", member)) sub(/\).*/, "", member)
       else { sub(/[;[].*/, "", member); sub(/.*[ *]/, "", member) }
       printf "  printf(\"%s.%s %%zu %%zu\\n\", offsetof(%s, %s), ", name, member, name, member
       printf "sizeof(((%s *)0)->%s));\n", name, member
     }
     END { print "  return 0;\n}" }' "$work/header.h" >"$work/layout.c"
cc -I"$here/include" -o "$work/layout" "$work/layout.c"
"$work/layout" >"$work/layout.txt"
echo 'unsigned q_abi_version(void) { return 0x20000u; }' >"$work/other.c"
cc -shared -fPIC -o "$work/other.so" "$work/other.c"
cat >"$work/loop.c" <<'C'
#include <octet/octet.h>
typedef q_status (*run_fn)(q_session *, const q_tensor *, int32_t, const q_tensor *, int32_t, q_error *);
q_status loop(run_fn run, q_session *session, const q_tensor *input, const q_tensor *output, int32_t runs) {
  q_error error = {sizeof error, 0, ""};
  q_status status = Q_OK;
  for (int32_t i = 0; i < runs && status == Q_OK; ++i) status = run(session, input, 1, output, 1, &error);
  return status;
}
C
cc -O2 -shared -fPIC -I"$here/include" -o "$work/loop.so" "$work/loop.c"

# quietly <what> <command...>: the output is shown on failure alone.
quietly() {
  what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    return 0
  fi
  grep -E 'error|Error' "$work/log" | sort -u | head -n 20 || true
  tail -n 20 "$work/log"
  echo "$what failed"
  exit 1
}

# restorable <what> <command...>: false, said as SKIPPED, where packages cannot be had; other failures end the check.
restorable() {
  what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    return 0
  fi
  if grep -qE 'NU1100|NU1101|NU1102|NU1301|NU5037' "$work/log"; then
    echo "SKIPPED $what: its packages cannot be restored: $(grep -oE 'NU[0-9]{4}: .*' "$work/log" | head -n 1)"
    return 1
  fi
  tail -n 20 "$work/log"
  echo "$what failed"
  exit 1
}

tests=$here/bindings/csharp/Octet.Tests
binding=$here/bindings/csharp/Octet
restorable "the C# binding" dotnet restore "$binding" --artifacts-path "$work/artifacts" || exit 0

if restorable "the tests of the C# binding" dotnet restore "$tests" --artifacts-path "$work/artifacts"; then
  quietly "building the tests" dotnet build "$tests" --no-restore -c Release --artifacts-path "$work/artifacts"
  OCTET_LIBRARY=$library OCTET_LAYOUT=$work/layout.txt OCTET_OTHER_ABI=$work/other.so OCTET_LOOP=$work/loop.so
  export OCTET_LIBRARY OCTET_LAYOUT OCTET_OTHER_ABI OCTET_LOOP
  built=$work/artifacts/bin/Octet.Tests/release/Octet.Tests.dll
  dotnet test "$built" --logger "console;verbosity=minimal" --results-directory "$work/results" | tee "$work/log"
  grep -q '^ *Passed!' "$work/log" || exit 1
  grep '\[SKIP\]' "$work/log" | sed 's/^/SKIPPED /' || true
  dotnet exec "$built" benchmark
  unset OCTET_LIBRARY
fi

# The package: clear without its native part, and all samples from it.
pack() {
  dotnet pack "$binding" --no-restore -c Release --artifacts-path "$work/artifacts" -o "$work/packages" "$@"
}
if pack >"$work/log" 2>&1 ||
  ! grep -q 'dotnet pack -p:OctetNative=PREFIX' "$work/log"; then
  tail -n 5 "$work/log"
  echo "dotnet pack without the native library should fail and say why"
  exit 1
fi
quietly "dotnet pack" pack -p:OctetNative="$library"
python3 -m zipfile -l "$work"/packages/Octet.*.nupkg >"$work/parts"
for part in lib/net8.0/Octet.dll lib/net8.0/Octet.xml runtimes/linux-x64/native/liboctet.so.1 README.md LICENSE; do
  grep -q "^$part " "$work/parts" || { echo "the package has no $part"; exit 1; }
done

# sample <project> <pattern> <arguments...>: what it prints has the pattern.
sample() {
  name=$1 pattern=$2
  shift 2
  if ! dotnet exec "$work/artifacts/bin/$name/release/$name.dll" "$@" >"$work/log" 2>&1 ||
    ! grep -qE "$pattern" "$work/log"; then
    tail -n 20 "$work/log"
    echo "the sample $name fails"
    exit 1
  fi
  echo "sample $name: $(grep -E "$pattern" "$work/log" | head -n 1)"
}

mkdir "$work/samples"
ln -sfn "$models" "$work/models"
cp -r "$here"/examples/csharp/* "$work/samples"
rm -rf "$work"/samples/*/bin "$work"/samples/*/obj "$work/samples/packages"
cp -r "$work/packages" "$work/samples/packages"
cat >"$work/samples/all.proj" <<'X'
<Project DefaultTargets="Build">
  <ItemGroup><Sample Include="*/*.csproj" /></ItemGroup>
  <Target Name="Restore"><MSBuild Projects="@(Sample)" Targets="Restore" BuildInParallel="true" /></Target>
  <Target Name="Build"><MSBuild Projects="@(Sample)" Targets="Build" BuildInParallel="true" /></Target>
</Project>
X
cd "$work/samples"
quietly "building the samples" dotnet build all.proj -c Release --artifacts-path "$work/artifacts"
sample QuantizeAndRun '0005.png: class 4, probability 0\.'
sample CalibrateFromMemory 'agree on (9[5-9]|100)\.[0-9] % of 200 test pictures'
sample ClassifyBatch '^.*0005\.png: class 4, probability 0\.[5-9][0-9]+$'
sample ClassifyStream '^500 frames, 3 sessions: [0-9]+ frames per second' shapes.octet 3 500
sample DetectFaces '^[0-9.]+ [0-9.]+ [0-9.]+ [0-9.]+ [01]\.[0-9]+$'
python3 - faces.png <<'PY'
import struct, sys, zlib
data = open(sys.argv[1], 'rb').read()
assert data[:8] == b'\x89PNG\r\n\x1a\n'
chunks, at = {}, 8
while at < len(data):
    length, kind = struct.unpack('>I4s', data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    assert struct.unpack('>I', data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body), 'checksum'
    chunks[kind] = body
    at += 12 + length
width, height = struct.unpack('>II', chunks[b'IHDR'][:8])
assert len(zlib.decompress(chunks[b'IDAT'])) == height * (3 * width + 1) and b'IEND' in chunks
PY
for arguments in "../models/shapes.onnx" "no/such.onnx" "../models/faces/faces.onnx ../models/labels.tsv"; do
  # shellcheck disable=SC2086  # two words
  if dotnet exec "$work/artifacts/bin/DetectFaces/release/DetectFaces.dll" $arguments >"$work/log" 2>&1 ||
    grep -q 'Unhandled' "$work/log" || [ "$(wc -l <"$work/log")" != 1 ]; then
    cat "$work/log"
    echo "DetectFaces should say in one line what is wrong with: $arguments"
    exit 1
  fi
done

# Each ```csharp block of the READMEs is a whole program, which finds the files of examples/models beside it.
mkdir -p "$work/readme/models"
ln -s "$models"/* "$work/readme/models"
for readme in "$here/README.md" "$here/bindings/csharp/README.md"; do
  awk -v "file=$work/readme/program" '
    /^```csharp$/ { inside = 1; next }
    /^```/ { inside = 0 }
    inside { print >(file ".cs") }' "$readme"
  [ -f "$work/readme/program.cs" ] || { echo "$readme shows no C# program"; exit 1; }
  [ "$(wc -l <"$work/readme/program.cs")" -le 25 ] || { echo "the program of $readme has more than 25 lines"; exit 1; }
  cmp -s "$work/readme/program.cs" "$work/readme/app/Program.cs" && continue  # both show the same one
  rm -rf "$work/readme/app"
  quietly "dotnet new" dotnet new console -o "$work/readme/app"
  quietly "dotnet add package" dotnet add "$work/readme/app" package Octet --source "$work/packages"
  mv "$work/readme/program.cs" "$work/readme/app/Program.cs"
  cd "$work/readme/models"
  rm -f shapes.octet
  quietly "the program of $readme" dotnet run --project "$work/readme/app"
  grep -q '^class 0: ' "$work/log" && [ -f shapes.octet ] || { cat "$work/log"; exit 1; }
  echo "the C# program of ${readme#"$here/"} prints: $(cat "$work/log")"
done

# A sample outside its folder, since it now takes packages that the samples' own configuration does not look for:
# compiled ahead of time, and trimmed with the runtime of .NET 8, the oldest that the binding serves. Every warning is an
# error. The analyzers have run on the binding in any case.
# published <how> <framework or empty> <options...>
published() {
  how=$1 framework=$2
  shift 2
  folder=$work/published-$how
  rm -rf "$folder"
  mkdir "$folder"
  cp "$work"/samples/QuantizeAndRun/*.cs* "$folder"
  [ -z "$framework" ] || sed -i "s|<TargetFramework>.*<|<TargetFramework>$framework<|" "$folder/QuantizeAndRun.csproj"
  set -- -r linux-x64 -p:TrimmerSingleWarn=false -p:RestoreAdditionalProjectSources="$work/packages" "$@"
  restorable "publishing $how" dotnet restore "$folder" "$@" || return 0
  quietly "publishing $how" dotnet publish "$folder" --no-restore "$@" -o "$folder/out"
  cd "$work/samples"
  if ! "$folder/out/QuantizeAndRun" >"$work/log" 2>&1; then
    cat "$work/log"
    echo "the program published $how fails"
    exit 1
  fi
  echo "published $how: $(tail -n 1 "$work/log")"
}
published ahead-of-time "" -p:PublishAot=true
published trimmed-for-.NET-8 net8.0 -p:SelfContained=true -p:PublishTrimmed=true
echo "the C# binding works"
