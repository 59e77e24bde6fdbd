#!/bin/sh
# The layers of src/ include only what the architecture allows, and a third-party header one folder alone.
# Prints each line that breaks a rule; exit status 1 where there is one.
set -u
cd "$(dirname "$0")/../.." || exit 2

# What each folder may include, itself aside; an arrow includes what its target may include.
allowed() {
  case "$1" in
    base) echo "" ;;
    cpu | graph) echo "base" ;;
    kernels) echo "cpu base" ;;
    image) echo "kernels cpu base" ;;
    model | import | export) echo "graph base" ;;
    ops) echo "kernels graph cpu base" ;;
    passes | runtime) echo "ops kernels graph cpu base" ;;
    quantize) echo "runtime image passes ops kernels graph cpu base" ;;
    abi) echo "quantize runtime image passes ops kernels graph cpu base model import export" ;;
    cli) echo "" ;;
    *) echo "unknown" ;;
  esac
}

failures=0
complain() {
  echo "$1"
  failures=$((failures + 1))
}

for folder in src/*/; do
  layer=$(basename "$folder")
  [ "$layer" = cmake ] && continue
  rule=$(allowed "$layer")
  [ "$rule" = unknown ] && complain "src/$layer: a folder that the architecture does not name" && continue
  for found in $(grep -rhoE '^#include "[a-z]+/' "$folder" | sed 's/#include "//; s|/$||' | sort -u); do
    case " $rule $layer " in
      *" $found "*) ;;
      *)
        if [ "$found" = octet ] && { [ "$layer" = abi ] || [ "$layer" = cli ]; }; then continue; fi
        complain "src/$layer may not include $found/: $(grep -rlE "^#include \"$found/" "$folder" | head -n 3 | tr '\n' ' ')"
        ;;
    esac
  done
done

# Kernels: C headers, and nothing of the C++ library.
bad=$(grep -rnE '^#include <[a-z_]+>' src/kernels --include='*.h' --include='*.cpp' | grep -vE '<[a-z]+intrin\.h>' || true)
[ -n "$bad" ] && complain "kernels may include no header of the C++ library: $bad"

# One folder for each library, or one for reading and one for writing.
one_folder() {
  others=$(grep -rlE "^#include <$1" src bindings examples 2>/dev/null | grep -vE "^($2)/" || true)
  [ -n "$others" ] && complain "<$1...> belongs to $2 alone, found in: $(echo "$others" | tr '\n' ' ')"
}
one_folder 'protozero/' 'src/(import|export)/onnx'
one_folder 'nlohmann/' src/quantize
one_folder 'CLI/' src/cli
one_folder 'jpeglib' src/image

# Files under 800 lines.
for file in $(find src tests examples bindings -name '*.cpp' -o -name '*.h' -o -name '*.c' -o -name '*.py' -o -name '*.sh' -o -name '*.cmake' 2>/dev/null); do
  lines=$(wc -l <"$file")
  [ "$lines" -gt 800 ] && complain "$file has $lines lines; 800 are the most"
done

# Top-level folders.
for entry in */; do
  case "${entry%/}" in
    include | src | bindings | examples | tests | pkgconfig | build) ;;
    *) complain "$entry is no folder of the architecture" ;;
  esac
done

[ "$failures" = 0 ] && echo "includes, sizes and folders are as the architecture says"
[ "$failures" = 0 ]
