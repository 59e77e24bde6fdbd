#!/bin/sh
# The guard on the C ABI: tests/abi/README.md says what it holds fast and how the ABI may grow.
#
#   abi.sh LIBRARY              compares the library and include/octet/octet.h with every baseline in tests/golden/abi
#   abi.sh --record LIBRARY     writes the baseline of the header's ABI version: on purpose, once a version
#
# LIBRARY is liboctet.so with debug information, as builds with OCTET_TESTS have it. Takes gcc, abigail-tools and, where
# it is there, clang.
set -eu
[ "${1:-}" = --record ] && { record=yes; shift; } || record=no
[ $# = 1 ] || { echo "usage: abi.sh [--record] LIBRARY"; exit 2; }
library=$(realpath "$1")
cd "$(dirname "$0")/../.."
golden=tests/golden/abi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for tool in abidw abidiff gcc nm readelf; do
  command -v $tool >/dev/null || { echo "error: $tool is missing (Debian: abigail-tools, gcc, binutils)"; exit 1; }
done
readelf -S "$library" | grep -q '\.debug_info' || {
  echo "error: $library has no debug information: take the one of a build with OCTET_TESTS=ON"
  exit 1
}

# describe LIBRARY INCLUDE XML: what a library exports, with the types of that header; no places, nothing private.
describe() {
  abidw --exported-interfaces-only --headers-dir "$2" --drop-private-types --no-corpus-path --no-comp-dir-path \
    --no-show-locs --no-elf-needed --out-file "$3" "$1"
}

if [ $record = yes ]; then
  version=$(sed -n 's/^#define Q_ABI_VERSION 0x\(....\)\(....\)u$/\1 \2/p' include/octet/octet.h |
    { read -r major minor && echo "$((0x$major)).$((0x$minor))"; })
  mkdir -p "$golden/$version"
  describe "$library" include "$golden/$version/octet.abi.xml"
  cp include/octet/octet.h "$golden/$version/octet.h"
  echo "the baseline of ABI $version is written"
  exit 0
fi

# permitted CHANGELOG: what the lines under headings "ABI" name in backquotes may be new: functions, and members at the
# end of structs. As a specification for abidiff, which fails on everything else.
permitted() {
  awk '/^#/ { inside = ($0 ~ /^#+ ABI$/) } inside' "$1" | grep -o '`q_[a-z0-9_]*' | tr -d '\140' | sort -u |
    while read -r name; do
      printf '[suppress_function]\n  change_kind = added-function\n  name = %s\n' "$name"
      printf '[suppress_type]\n  type_kind = struct\n  name = %s\n  has_data_member_inserted_at = end\n' "$name"
    done
}

# same_constants BASELINE-HEADER INCLUDE: every #define of a value has that value today.
same_constants() {
  {
    echo '#include <octet/octet.h>'
    sed -n 's|^#define \(Q_[A-Z0-9_]*\) \([^/]*[^/ ]\) *\(/\*.*\)*$|\1 \2|p' "$1" | while read -r name value; do
      if [ "$name" = Q_ABI_VERSION ]; then
        echo "_Static_assert($name >= $value && $name >> 16 == $value >> 16, \"$name\");"
      else
        echo "_Static_assert($name == $value, \"$name\");"
      fi
    done
  } >"$folder/constants.c"
  [ "$(wc -l <"$folder/constants.c")" -ge 25 ] || { echo "no constants found in $1"; return 1; }
  gcc -std=c11 -fsyntax-only -I"$2" "$folder/constants.c"
}

# flat HEADER: without comments and directives, one declaration or member after the other in one line.
flat() {
  gcc -fpreprocessed -dD -E -P "$1" | grep -v '^#' | tr -s '\n ' ' '
}

# functions HEADER: their names, a line each; not what is defined in the header itself.
functions() {
  flat "$1" | sed 's/;/;\n/g; s/extern "C" {//' | grep -vE 'static|typedef' |
    sed -n 's/^ *\(uint32_t\|const char \*\|q_status\|void\) *\(q_[a-z0-9_]*\)(.*;$/\2/p'
}

# structs HEADER: a line each, its name first: what it consists of, in order.
structs() {
  flat "$1" | grep -o 'typedef struct q_[a-z0-9_]* {[^}]*}' | sed 's/^typedef struct //; s/}$//'
}

# same_beginnings BASELINE-HEADER HEADER: structs consist of what they did, and perhaps more. (abidiff lets a type that
# may grow also change.)
same_beginnings() {
  structs "$1" >"$folder/before"
  structs "$2" >"$folder/after"
  [ "$(wc -l <"$folder/before")" -ge 20 ] || { echo "no structs found in $1"; return 1; }
  awk 'NR == FNR { today[$1] = $0; next }
       index(today[$1], $0) != 1 { print "changed otherwise than by members at the end: " $1; bad = 1 }
       END { exit bad }' "$folder/after" "$folder/before"
}

# compatible VERSION LIBRARY INCLUDE CHANGELOG
compatible() {
  permitted "$4" >"$folder/permitted" || return 1
  # Two descriptions by the same tool: given the library itself, abidiff takes some types of the header for private.
  describe "$2" "$3" "$folder/today.abi.xml" &&
    abidiff --harmless --no-show-locs --suppressions "$folder/permitted" "$golden/$1/octet.abi.xml" \
      "$folder/today.abi.xml" &&
    same_beginnings "$golden/$1/octet.h" "$3/octet/octet.h" && same_constants "$golden/$1/octet.h" "$3"
}

versions=$(ls "$golden" | sort -V)
[ -n "$versions" ] || { echo "error: there is no baseline in $golden"; exit 1; }
touch "$folder/older"
for version in $versions; do
  compatible "$version" "$library" include CHANGELOG.md || {
    echo "error: the ABI is not what programs for ABI $version expect (tests/abi/README.md)"
    exit 1
  }
  functions "$golden/$version/octet.h" | sort >"$folder/functions"
  program=tests/abi/test_baseline_$(echo "$version" | tr . _).c
  while read -r name; do
    grep -q "$name(" "$program" || { echo "error: $program does not use $name"; exit 1; }
  done <"$folder/functions"
  # What came with a version has the node of that version, for ever.
  comm -23 "$folder/functions" "$folder/older" >"$folder/new"
  nm -D --defined-only "$library" | sed -n "s/.* T \(q_[a-z0-9_]*\)@@OCTET_$version\$/\1/p" | sort |
    diff "$folder/new" - || { echo "error: the version node OCTET_$version has changed (<: was there)"; exit 1; }
  mv "$folder/functions" "$folder/older"
  echo "ABI $version: kept"
done

# Sizes and places, by compilers for 64 and 32 bits; every struct is among them. The header by each of its standards.
for name in $(sed -n 's/^typedef struct \(q_[a-z_]*\) {$/\1/p' include/octet/octet.h); do
  grep -q "^SIZE($name," tests/abi/layout.c || { echo "error: tests/abi/layout.c does not pin $name"; exit 1; }
done
strict="-fsyntax-only -Iinclude -Wall -Wextra -Wconversion -Werror -pedantic-errors"
compilers=gcc
if command -v clang >/dev/null; then compilers="gcc clang"; else echo "SKIPPED clang, and ARM and Windows: not here"; fi
for compiler in $compilers; do
  for standard in c99 c11 c17; do $compiler -std=$standard $strict tests/abi/header.c; done
  for standard in c++11 c++17 c++20; do $compiler -x c++ -std=$standard $strict tests/abi/header.cpp; done
  $compiler -std=c11 $strict tests/abi/layout.c
  $compiler -std=c11 -m32 -ffreestanding $strict tests/abi/layout.c
done
if [ "$compilers" != gcc ]; then
  for target in arm-linux-gnueabihf aarch64-linux-gnu i686-windows-gnu x86_64-windows-gnu; do
    clang -target $target -std=c11 -ffreestanding $strict tests/abi/layout.c
  done
fi
echo "layout and header: right for every width and standard"

# Does this guard see what it is there to see? Libraries of empty functions from the newest baseline's header, each with
# one change.
# library_of INCLUDE OUTPUT: every declaration becomes a function.
library_of() {
  {
    echo '#include <octet/octet.h>'
    flat "$1/octet/octet.h" | sed 's/;/;\n/g; s/extern "C" {//' |
      sed -n 's/^ *\(\(uint32_t\|const char \*\|q_status\|void\) *q_[a-z0-9_]*(.*)\);$/\1 { __builtin_trap(); }/p'
  } >"$folder/functions.c"
  gcc -g -shared -fPIC -I"$1" -Wl,--version-script="$folder/map" -Wl,-soname,"$soname" -o "$2" "$folder/functions.c"
}
newest=$(echo "$versions" | tail -n 1)
echo "OCTET_$newest { global: q_*; local: *; };" >"$folder/map"
soname=$(readelf -d "$library" | sed -n 's/.*soname: \[\(.*\)\].*/\1/p')
mkdir -p "$folder/octet"
printf '# Changes\n## 9.9\n### ABI\n- %s\n### Else\n- `q_tensor`, `q_extra`\n' \
  '`q_new` makes; `q_recipe` has one member more.' >"$folder/CHANGELOG.md"
# expect kept|broken WHAT SED-SCRIPT
expect() {
  sed "$3" "$golden/$newest/octet.h" >"$folder/octet/octet.h"
  [ -z "$3" ] || ! cmp -s "$golden/$newest/octet.h" "$folder/octet/octet.h" || {
    echo "error: '$3' changes nothing"
    exit 1
  }
  library_of "$folder" "$folder/liboctet.so"
  if compatible "$newest" "$folder/liboctet.so" "$folder" "$folder/CHANGELOG.md" >"$folder/said" 2>&1; then
    found=kept
  else
    found=broken
  fi
  [ $found = "$1" ] || { cat "$folder/said"; echo "error: the guard calls this '$found': $2"; exit 1; }
  echo "the guard calls this $found: $2"
}
expect kept nothing ''
expect broken "a function less" 's/^void q_image_free/static void q_image_free/'
expect broken "a function that CHANGELOG.md does not name" 's/^void q_image_free.*/&\nvoid q_extra(void);/'
expect kept "a function that CHANGELOG.md names" 's/^void q_image_free.*/&\nvoid q_new(void);/'
expect broken "a parameter of another type" 's/^\(void q_session_cancel(.*\)int32_t/\1int64_t/'
expect broken "a parameter that points to something else" 's/^\(q_status q_model_get_input(.*\)q_tensor_info/\1q_model_info/'
expect broken "a member less" '/^typedef struct q_tensor_info {/,/^}/s/.*float scale;.*//'
expect broken "a member of another type" '/^typedef struct q_recipe {/,/^}/s/int32_t width/uint32_t width/'
expect broken "a member in between" '/^typedef struct q_recipe {/,/^}/s/int32_t width/int32_t more; &/'
expect broken "members in another order" 's/^  float scale_x;/  float scale_z;/; s/^  float scale_y;/  float scale_x;/; s/scale_z/scale_y/'
expect broken "a struct that grows unnamed" '/^typedef struct q_tensor {/,/^}/s/int32_t reserved;/&\n  int64_t more;/'
expect kept "a struct that grows and is named" 's/^  float normal\[4\];/&\n  float more;/'
expect broken "a constant of another value" 's/^#define Q_E_IO .*/#define Q_E_IO (-33)/'
expect broken "another major version" 's/^#define Q_ABI_VERSION .*/#define Q_ABI_VERSION 0x00020000u/'
soname=$soname.1
expect broken "another name of the library" ''
