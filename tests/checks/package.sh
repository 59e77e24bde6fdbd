#!/bin/sh
# package.sh BUILD: Debian packages of a build folder whose prefix is /usr (preset "deb"). They are made, have what Debian
# asks for, are unpacked into a root of their own, and install.sh builds its programs against what lies there; DESTDIR
# puts the same files. Takes dpkg-dev; lintian, where it is there, says its opinion.
set -eu
build=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "$*"
  exit 1
}

rm -rf "$build/packages"
cpack --config "$build/CPackConfig.cmake" >cpack.log 2>&1 || { cat cpack.log; fail "cpack fails"; }
# Named after the SONAME of the library.
library=$(readelf -d "$build/src/liboctet.so" | sed -nE 's/.*SONAME.*\[(lib[a-z]+)\.so\.([0-9]+)\].*/\1\2/p')
for package in "$library" liboctet-dev octet; do
  file=$(echo "$build/packages/${package}"_*.deb)
  [ -f "$file" ] || fail "there is no package $package"
  echo "== $(basename "$file"), $(stat -c %s "$file") bytes"
  for field in Package Version Architecture Maintainer Section Depends Suggests Installed-Size Description; do
    value=$(dpkg-deb -f "$file" $field)
    [ -n "$value" ] || [ $field = Suggests ] || fail "$package has no $field"
    [ -z "$value" ] || echo "$field: $value"
  done
  dpkg-deb -c "$file" | awk '{print $1, $2, $6, $7, $8}'
  strange=$(dpkg-deb -c "$file" | grep -vE '^[-dl]\S+ root/root ' || true)
  [ -z "$strange" ] || fail "$package has files that are not root's: $strange"
done
depends() {
  dpkg-deb -f "$build/packages/$1"_*.deb Depends
}
for needed in libc6 libjpeg62-turbo libpng16-16; do
  depends "$library" | grep -q "$needed (>= " || fail "$library does not depend on $needed"
done
! depends "$library" | grep -qE 'libstdc|libgcc' || fail "$library depends on a C++ runtime"
version=$(dpkg-deb -f "$build/packages/$library"_*.deb Version)
for package in liboctet-dev octet; do
  depends $package | grep -qF "$library (= $version)" || fail "$package does not depend on $library of its own version"
done
dpkg-deb -e "$build/packages/$library"_*.deb control
grep -q "^liboctet ${library#liboctet} $library (>= " control/shlibs ||
  fail "$library does not say what programs that use it need"
grep -q ldconfig control/triggers || fail "$library does not make the loader look again"

# Into a root of its own, where the packages that these depend on are not, nor a shell to configure them.
mkdir -p root/var/lib/dpkg/updates root/var/lib/dpkg/info root/var/lib/dpkg/triggers
touch root/var/lib/dpkg/status
dpkg --root="$folder/root" --force-depends --force-not-root --log=/dev/null --unpack "$build"/packages/*.deb \
  >dpkg.log 2>&1 || { cat dpkg.log; fail "dpkg does not unpack the packages"; }
for package in "$library" liboctet-dev octet; do
  [ -f "root/usr/share/doc/$package/copyright" ] || fail "$package has no copyright"
  gzip -t "root/usr/share/doc/$package/changelog.Debian.gz" || fail "$package has no changelog"
done
gzip -t root/usr/share/man/man1/octet.1.gz
named=$(grep -rlF -e "$build" root/usr || true)
[ -z "$named" ] || fail "these files name the folder of the build: $named"
! readelf -d root/usr/bin/octet | grep -qE 'RPATH|RUNPATH' || fail "octet has a search path of its own"
DESTDIR=$folder/destination cmake --install "$build" >install.log
(cd root/usr && find . ! -type d | sort) >packaged
(cd destination/usr && find . ! -type d | sort) >installed
diff packaged installed || fail "DESTDIR (>) puts other files than the packages (<)"

libdir=$(dirname "$(find "$folder/root" -name 'liboctet.so')")
LD_LIBRARY_PATH=$libdir sh "$here/tests/checks/install.sh" "$folder/root/usr"

if command -v lintian >/dev/null 2>&1; then
  lintian --allow-root "$build"/packages/*.deb || true
else
  echo "SKIPPED lintian's opinion: lintian is not here"
fi
echo "the packages are whole"
