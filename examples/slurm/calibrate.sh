#!/bin/sh
# calibrate.sh FLOAT-MODEL INT8-MODEL CONFIG SHARDS [SBATCH-OPTION ...]: submits an array job in which each task observes
# one shard of the samples, and a job that makes the int8 model once all of them are done. Prints the number of the last
# one.
#
# Statistics and the cache lie in INT8-MODEL.parts; the folder can be removed when the model is there.
set -eu
if [ $# -lt 4 ]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
model=$(realpath "$1")
target=$(realpath "$2")
config=$(realpath "$3")
shards=$4
shift 4
parts=$target.parts
mkdir -p "$parts"
observing=$(sbatch --parsable "$@" --array="1-$shards" --output="$parts/observe-%a.log" \
  "$here/observe.sbatch" "$model" "$config" "$parts" "$shards")
quantizing=$(sbatch --parsable "$@" --dependency="afterok:${observing%%;*}" --kill-on-invalid-dep=yes \
  --output="$parts/quantize.log" "$here/quantize.sbatch" "$model" "$target" "$config" "$parts" "$shards")
echo "${quantizing%%;*}"
