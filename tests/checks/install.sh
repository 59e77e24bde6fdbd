#!/bin/sh
# install.sh PREFIX: a C program in another folder and the programs that the README shows build against an installed tree
# with pkg-config and run; the library is what it should be: exports q_* alone, needs nothing unexpected, is small.
set -eu
prefix=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Moved, to see that nothing holds the path of the installation.
cp -r "$prefix" "$folder/moved"
libdir=$(dirname "$(find "$folder/moved" -name octet.pc)")/..
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
cat >program.c <<'C'
#include <octet/octet.h>
#include <stdio.h>
int main(int argc, char **argv) {
  q_error error = {sizeof error, 0, ""};
  q_model *model = NULL;
  if (argc != 2 || q_model_load(q_text(argv[1]), NULL, &model, &error) != Q_OK) {
    puts(error.message);
    return 1;
  }
  q_model_info info = {0};
  info.struct_size = sizeof info;
  q_model_get_info(model, &info, &error);
  printf("%s: %d layers\n", q_version(), info.layer_count);
  q_model_free(model);
  return 0;
}
C
# shellcheck disable=SC2046  # a list of flags
cc -std=c11 -Wall -Wextra -o program program.c $(pkg-config --cflags --libs octet)
LD_LIBRARY_PATH=$libdir ./program "$here/examples/models/shapes.onnx"
"$folder/moved/bin/octet" --version

# Each ```c block of the README is a whole program, which finds shapes.octet beside it.
"$folder/moved/bin/octet" quantize "$here/examples/models/shapes.onnx" shapes.octet "$here/examples/models/quantize.json" >quantize.log
awk '/^```c$/ { inside = 1; file = "readme" ++count ".c"; next }
     /^```/ { inside = 0 }
     inside { print >file }' "$here/README.md"
[ -f readme1.c ] || { echo "the README shows no C program"; exit 1; }
for source in readme*.c; do
  # shellcheck disable=SC2046  # a list of flags
  cc -std=c11 -Wall -Wextra -Werror -o readme "$source" $(pkg-config --cflags --libs octet)
  LD_LIBRARY_PATH=$libdir ./readme >readme.out || { cat "$source"; echo "this program of the README fails"; exit 1; }
  grep -qE '^[0-9.]+(e-[0-9]+)?$' readme.out || { cat readme.out; echo "the README's program prints no probability"; exit 1; }
  echo "the README's program in C prints $(cat readme.out)"
done

library=$(find "$libdir/" -name 'liboctet.so.*.*.*')
strip -o stripped.so "$library"
size=$(stat -c %s stripped.so)
echo "liboctet.so stripped: $size bytes"
[ "$size" -le 2359296 ] || { echo "the library has grown beyond 2.25 MB (aim: 1.5 MB)"; exit 1; }
foreign=$(nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | grep -vE '^(q_|OCTET_)' || true)
[ -z "$foreign" ] || { echo "exports more than q_*: $foreign"; exit 1; }
needed=$(readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm|libjpeg|libpng16|ld-linux.*)\.so' || true)
[ -z "$needed" ] || { echo "needs more than libc, libm, libjpeg and libpng: $needed"; exit 1; }
echo "an installed tree works"
