#!/bin/sh
# slurm.sh OCTET: the array job of examples/slurm on a cluster of this machine alone, which is started here in a
# temporary folder with a key and ports of its own: what it writes must be what octet quantize writes without it.
#
# SKIPPED is said where slurmctld, slurmd or munged are not here, where this is not root, which they take, or where the
# system does not let them start.
set -eu
octet=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
skip() {
  echo "SKIPPED the Slurm example: $*"
  exit 0
}
for tool in munged slurmctld slurmd sbatch scontrol; do
  command -v $tool >/dev/null 2>&1 || skip "$tool is not here (Debian's slurm-wlm and munge)"
done
[ "$(id -u)" = 0 ] || skip "a cluster can be started by root alone"

folder=$(mktemp -d)
# The daemons are ended by their process ids, and waited for.
end() {
  for daemon in slurmd slurmctld munged; do
    pid=$(cat "$folder/$daemon.pid" 2>/dev/null) || continue
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  done
  rm -rf "$folder"
}
trap end EXIT
trap 'exit 1' INT TERM
fail() {
  tail -n 20 "$folder"/*.log "$folder"/*.parts/*.log 2>/dev/null || true
  echo "$*"
  exit 1
}
# within SECONDS COMMAND...: repeats until it succeeds.
within() {
  tries=$(($1 * 5))
  shift
  while ! "$@" >"$folder/try" 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.2
  done
}

chmod 755 "$folder" # munged refuses a socket that others cannot reach
mkdir -m 700 "$folder/keys" "$folder/state" "$folder/spool"
mkdir -m 755 "$folder/munge"
dd if=/dev/urandom of="$folder/keys/key" bs=1024 count=1 2>/dev/null
chmod 400 "$folder/keys/key"
munged --force --key-file="$folder/keys/key" --socket="$folder/munge/socket" --seed-file="$folder/keys/seed" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" ||
  skip "munged does not start: $(tail -n 1 "$folder/munged.log" 2>/dev/null)"

host=$(hostname -s)
port=$((20000 + $$ % 20000))
cat >"$folder/slurm.conf" <<CONF
ClusterName=octet
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=10 State=UP
CONF
SLURM_CONF=$folder/slurm.conf
export SLURM_CONF
slurmctld -c >"$folder/start.log" 2>&1 || skip "slurmctld does not start: $(tail -n 1 "$folder/start.log")"
slurmd -N "$host" >"$folder/start.log" 2>&1 || skip "slurmd does not start: $(tail -n 1 "$folder/start.log")"
node_is_idle() { scontrol show node "$host" | grep -q 'State=IDLE'; }
within 30 node_is_idle || {
  tail -n 5 "$folder/slurmctld.log" "$folder/slurmd.log"
  skip "the node does not come up"
}

# What one process makes of the samples, and what the cluster makes of them.
models=$here/examples/models
config=$folder/quantize.json
sed "s|\"path\": *\"[^\"]*\"|\"path\": \"$models/calibration\", \"feature_quantize_method\": \"KL\"|" \
  "$models/quantize.json" >"$config"
grep -q '"KL"' "$config" || fail "examples/models/quantize.json is no longer what this test changes"
"$octet" quantize "$models/shapes.onnx" "$folder/alone.octet" "$config" >"$folder/alone.log" 2>&1 ||
  fail "octet quantize fails"
mkdir "$folder/bin"
ln -s "$octet" "$folder/bin/octet"
PATH=$folder/bin:$PATH
LD_LIBRARY_PATH=$(dirname "$octet")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PATH LD_LIBRARY_PATH
ended() { scontrol show job "$job" | grep -qE 'JobState=(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)'; }
# submit TARGET CONFIG SHARDS: and waits for its last job.
submit() {
  job=$(sh "$here/examples/slurm/calibrate.sh" "$models/shapes.onnx" "$1" "$2" "$3" --cpus-per-task=1)
  within 120 ended || fail "job $job does not end"
}
submit "$folder/many.octet" "$config" 4
scontrol show job "$job" | grep -q 'JobState=COMPLETED' || fail "job $job has failed"
[ "$(find "$folder/many.octet.parts" -name 'part-*.stats' | wc -l)" = 4 ] || fail "the array has not written four files"
cmp "$folder/alone.octet" "$folder/many.octet" || fail "the cluster makes another model than one process"

# Tasks that run again, as those whose node has failed, find in the cache what they had observed.
rm "$folder/many.octet" "$folder"/many.octet.parts/part-*.stats
submit "$folder/many.octet" "$config" 4
cmp "$folder/alone.octet" "$folder/many.octet" || fail "the model is another one when tasks run again"
for shard in 1 2 3 4; do
  grep -q '25 of 25 samples were observed before' "$folder/many.octet.parts/observe-$shard.log" ||
    fail "task $shard has observed again what it knew"
done

# An array that fails leaves no model: the job that waits for it is cancelled.
sed 's/"KL"/"AUTO"/' "$config" >"$folder/auto.json"
submit "$folder/none.octet" "$folder/auto.json" 2
[ ! -e "$folder/none.octet" ] || fail "a model is written though the array has failed"
grep -q AUTO "$folder/none.octet.parts/observe-1.log" || fail "the log does not say why"
echo "the cluster writes what one process writes"
