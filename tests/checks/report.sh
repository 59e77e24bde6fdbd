#!/bin/sh
# report.sh OCTET FOLDER [PICTURE.png]: a headless Chromium opens the reports of the project's own face detector and of its
# classifier. Nothing may reach the console, no request may leave the page, the script must have run, and all sections must
# be there, in light and in dark. With PICTURE.png it also takes the picture of the README. FOLDER takes what is written.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
picture=${3:-}
[ -z "$picture" ] || picture=$(realpath -m "$picture")
models=$(cd "$(dirname "$0")/../../examples/models" && pwd)
cd "$folder"

fail() {
  echo "$*"
  exit 1
}

chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ]; then
  echo "SKIPPED reports in a browser: chromium is not installed"
  exit 0
fi
[ "$(id -u)" != 0 ] || sandbox=--no-sandbox  # Chromium refuses to have one as root

# browse PAGE OPTIONS...: the page's document after its script has run goes to PAGE.dom, the log to PAGE.log, and what the
# network was asked for to PAGE.net.
browse() {
  page=$1
  shift
  rm -rf profile
  timeout 120 "$chromium" --headless ${sandbox:-} --disable-gpu --hide-scrollbars --no-first-run \
    --user-data-dir="$folder/profile" --disable-background-networking --disable-component-update --disable-sync \
    --disable-default-apps --disable-extensions --enable-logging=stderr --log-net-log="$folder/$page.net" \
    "$@" "file://$folder/$page.html" >"$page.dom" 2>"$page.log" || fail "chromium cannot open $page.html: $(tail -n 5 "$page.log")"
}

# check PAGE SECTION...
check() {
  page=$1
  shift
  for theme in 1 0; do  # light, dark
    browse "$page" --blink-settings=preferredColorScheme=$theme --dump-dom
    # Chromium's own services ask for things too, with no origin as initiator; what a page of a file asks for has "null".
    /usr/bin/python3 - "$page" <<'PYTHON'
import json, re, sys
page = sys.argv[1]
text = open(page + ".net", encoding="utf-8", errors="replace").read()
if not text.rstrip().endswith("}"):  # cut off where the browser ended
    text = text[:text.rindex("}")] + "}" + ("]}" if '"events"' in text else "}")
log = json.loads(text)
kind = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
for event in log["events"]:
    parameters = event.get("params", {})
    if event["type"] != kind or "url" not in parameters or parameters.get("initiator") == "not an origin":
        continue
    sys.exit(f"{page}.html: the page asks for {parameters['url']}")
PYTHON
    if grep CONSOLE "$page.log"; then fail "$page.html: the console has messages"; fi
    for section in "$@"; do
      grep -q "<section id=\"$section\"" "$page.dom" || fail "$page.html: the section '$section' is not there"
    done
    grep -q '<th[^>]*><button' "$page.dom" || fail "$page.html: the script did not run: no column sorts"
    grep -q 'src="data:image/jpeg;base64,' "$page.dom" || fail "$page.html: no sample has a picture"
    grep -q '<svg class="histogram"' "$page.dom" || fail "$page.html: no layer has a histogram"
  done
  # An address outside would be caught by the page's own policy; there must be none to catch.
  if grep -nE '(src|href)="[^d#]|url\(|@import|https?:' "$page.html" | cut -c1-200 | grep .; then
    fail "$page.html: something outside is named"
  fi
}

"$octet" quantize "$models/faces/faces.onnx" faces.octet "$models/faces/quantize.json" --method KL --report faces.html
check faces outputs detections findings times samples layers
"$octet" quantize "$models/shapes.onnx" shapes.octet "$models/quantize.json" --report shapes.json
"$octet" compare "$models/shapes.onnx" shapes.octet "$models/quantize.json" --images "$models/test" --labels "$models/labels.tsv" \
  --report shapes.html
check shapes outputs findings times samples layers

# The check itself: none of these may pass.
notices() {
  if (check bad outputs) >bad.out 2>&1; then fail "the check does not notice: $1"; fi
  grep -q "$1" bad.out || fail "the check notices something else than '$1': $(cat bad.out)"
}
sed 's|</body>|<script>undefined_function()</script></body>|' shapes.html >bad.html
notices "the console has messages"
sed 's|<meta http-equiv[^>]*>||; s|</body>|<img src="https://example.invalid/x.png"></body>|' shapes.html >bad.html
notices "the page asks for https://example.invalid/x.png"
sed 's|<script>.*||' shapes.html >bad.html
notices "the script did not run"

if [ -n "$picture" ]; then
  browse faces --window-size=1120,1880 --force-device-scale-factor=0.75 --screenshot="$picture" --virtual-time-budget=1000
  echo "$picture: $(wc -c <"$picture") bytes"
fi
echo "reports open in $("$chromium" --version 2>/dev/null) without a message and without a request"
