// What peers.py runs: octet_peers MODE KEY=VALUE..., one measurement a process, printed as one JSON object on stdout.
//
// Modes
//   turns   contestants that take turns: the shortest run of each in every round, in ms
//   layers  the shortest time of every layer
//   load    from the file of the one model given to a session, in ms
//   memory  peak of a process that runs the one model given, or none, without its inputs and outputs; how much is data
//   ranges  least and largest value of every output of ort_float over the inputs
// Keys
//   octet_float, octet_int8, ort_float, ort_int8, ort_as_published   models
//   layers            convolutions for oneDNN, a list of layers.py
//   ort               the library of ONNX Runtime
//   isa               cap on Octet's instruction set
//   rounds            how many
//   threads           beside Octet on one thread, Octet on as many
//   inputs            a file of float32 inputs, one after the other, of input_elements each
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "measure.h"
#include "peers/fail.h"
#include "peers/layers.h"
#include "peers/octet_network.h"
#include "peers/onnxruntime.h"
#ifdef OCTET_BENCH_ONEDNN
#include "peers/onednn.h"
#endif

namespace octet::bench {
namespace {

using Keys = std::map<std::string, std::string>;

constexpr double kTurnMs = 25;

std::string value_of(const Keys& keys, const std::string& key, const std::string& otherwise = "") {
  const auto found = keys.find(key);
  return found == keys.end() ? otherwise : found->second;
}
int number_of(const Keys& keys, const std::string& key, int otherwise) {
  const std::string text = value_of(keys, key);
  return text.empty() ? otherwise : std::atoi(text.c_str());
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void print_turns(const std::vector<Turns>& all) {
  std::printf("{");
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::printf("%s%s: [", i == 0 ? "" : ",\n", quoted(all[i].name).c_str());
    for (std::size_t r = 0; r < all[i].round_ms.size(); ++r)
      std::printf("%s%.5f", r == 0 ? "" : ", ", all[i].round_ms[r]);
    std::printf("]");
  }
  std::printf("}\n");
}

int turns(const Keys& keys) {
  std::vector<std::unique_ptr<OctetNetwork>> octet;
  std::vector<std::unique_ptr<OnnxRuntimeNetwork>> ort;
  std::vector<Contestant> contestants;
  const auto add_octet = [&](const std::string& name, const std::string& key, int threads) {
    const std::string path = value_of(keys, key);
    if (path.empty()) return;
    octet.push_back(std::make_unique<OctetNetwork>(path, threads, value_of(keys, "isa")));
    if (octet.back()->threads() != threads) return;
    contestants.push_back({name, [network = octet.back().get()] { network->run(); }});
  };
  const auto add_ort = [&](const std::string& key) {
    const std::string path = value_of(keys, key);
    if (path.empty()) return;
    ort.push_back(std::make_unique<OnnxRuntimeNetwork>(value_of(keys, "ort"), path, 1));
    contestants.push_back({key, [network = ort.back().get()] { network->run(); }});
  };
  for (const char* key : {"octet_float", "octet_int8"}) {
    add_octet(key, key, 1);
    if (const int threads = number_of(keys, "threads", 1); threads > 1) {
      add_octet(std::string(key) + "_" + std::to_string(threads), key, threads);
    }
  }
  for (const char* key : {"ort_float", "ort_int8", "ort_as_published"}) add_ort(key);
#ifdef OCTET_BENCH_ONEDNN
  std::vector<std::unique_ptr<OneDnnConvolutions>> onednn;
  if (const std::string path = value_of(keys, "layers"); !path.empty()) {
    for (const bool int8 : {false, true}) {
      onednn.push_back(std::make_unique<OneDnnConvolutions>(read_layers(path), int8));
      contestants.push_back(
          {int8 ? "onednn_int8" : "onednn_float", [network = onednn.back().get()] { network->run(); }});
    }
  }
#endif
  print_turns(take_turns(contestants, number_of(keys, "rounds", 20), kTurnMs));
  return 0;
}

void print_steps(const char* key, const std::vector<StepTime>& steps) {
  std::printf("%s: [", quoted(key).c_str());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const StepTime& s = steps[i];
    std::printf("%s{\"name\": %s, \"op\": %s, \"kernel\": %s, \"int8\": %s, \"macs\": %lld, \"ms\": %.5f}",
                i == 0 ? "" : ",\n", quoted(s.name).c_str(), quoted(s.op).c_str(), quoted(s.kernel).c_str(),
                s.is_int8 ? "true" : "false", s.macs, s.min_ms);
  }
  std::printf("]");
}

#ifdef OCTET_BENCH_ONEDNN
void print_convolutions(const char* key, const std::vector<ConvLayer>& layers, const std::vector<ConvTime>& times) {
  std::printf("%s: [", quoted(key).c_str());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::printf("%s{\"name\": %s, \"macs\": %lld, \"ms\": %.5f, \"kernel\": %s}", i == 0 ? "" : ",\n",
                quoted(layers[i].name).c_str(), static_cast<long long>(layers[i].macs()), times[i].min_ms,
                quoted(times[i].kernel).c_str());
  }
  std::printf("]");
}
#endif

int layer_times(const Keys& keys) {
  constexpr int kRunsInATurn = 10;
  const int rounds = number_of(keys, "rounds", 20);
  std::vector<Contestant> contestants;
  OctetNetwork int8(value_of(keys, "octet_int8"), 1, value_of(keys, "isa"), true);
  OctetNetwork real(value_of(keys, "octet_float"), 1, value_of(keys, "isa"), true);
  std::vector<StepTime> int8_steps;
  std::vector<StepTime> float_steps;
  const auto merge = [](std::vector<StepTime>& best, const std::vector<StepTime>& more) {
    if (best.empty()) best = more;
    for (std::size_t i = 0; i < more.size(); ++i) best[i].min_ms = std::min(best[i].min_ms, more[i].min_ms);
  };
#ifdef OCTET_BENCH_ONEDNN
  const std::vector<ConvLayer> layers = read_layers(value_of(keys, "layers"));
  OneDnnConvolutions onednn_float(layers, false);
  OneDnnConvolutions onednn_int8(layers, true);
#endif
  for (int round = 0; round < rounds; ++round) {
    merge(int8_steps, int8.profile(kRunsInATurn));
    merge(float_steps, real.profile(kRunsInATurn));
#ifdef OCTET_BENCH_ONEDNN
    for (int i = 0; i < kRunsInATurn; ++i) onednn_float.run();
    for (int i = 0; i < kRunsInATurn; ++i) onednn_int8.run();
#endif
  }
  std::printf("{");
  print_steps("octet_int8", int8_steps);
  std::printf(",\n");
  print_steps("octet_float", float_steps);
#ifdef OCTET_BENCH_ONEDNN
  std::printf(",\n");
  print_convolutions("onednn_int8", layers, onednn_int8.times());
  std::printf(",\n");
  print_convolutions("onednn_float", layers, onednn_float.times());
#endif
  std::printf("}\n");
  return 0;
}

int load(const Keys& keys) {
  double ms = -1;
  for (const char* key : {"octet_float", "octet_int8"}) {
    if (const std::string path = value_of(keys, key); !path.empty()) ms = OctetNetwork(path, 1, "").load_ms();
  }
  for (const char* key : {"ort_float", "ort_int8"}) {
    if (const std::string path = value_of(keys, key); !path.empty()) {
      ms = OnnxRuntimeNetwork(value_of(keys, "ort"), path, 1).load_ms();
    }
  }
  if (ms < 0) fail("load: no model is named");
  std::printf("{\"load_ms\": %.4f}\n", ms);
  return 0;
}

int memory(const Keys& keys) {
  constexpr int kRuns = 3;
  const std::string path = value_of(keys, "octet_int8", value_of(keys, "octet_float"));
  long long data_bytes = 0;
  long long caller_bytes = 0;
  if (!path.empty()) {
    OctetNetwork network(path, 1, "");
    for (int i = 0; i < kRuns; ++i) network.run();
    data_bytes = network.data_bytes();
    caller_bytes = network.caller_bytes();
  } else if (q_abi_version() < Q_ABI_VERSION) {
    fail("the library is older than its header");
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) != 0) continue;
    const long long peak_bytes = std::atoll(line.c_str() + 6) * 1024 - caller_bytes;
    std::printf("{\"peak_bytes\": %lld, \"data_bytes\": %lld}\n", peak_bytes, data_bytes);
  }
  return 0;
}

int ranges(const Keys& keys) {
  OnnxRuntimeNetwork network(value_of(keys, "ort"), value_of(keys, "ort_float"), 1);
  std::ifstream file(value_of(keys, "inputs"), std::ios::binary);
  std::vector<std::vector<float>> inputs;
  const auto count = static_cast<std::size_t>(number_of(keys, "input_elements", 0));
  for (std::vector<float> input(count);
       file.read(reinterpret_cast<char*>(input.data()), static_cast<std::streamsize>(count * sizeof(float)));) {
    inputs.push_back(input);
  }
  if (inputs.empty()) fail("'" + value_of(keys, "inputs") + "' holds no input");
  std::printf("{");
  bool first = true;
  for (const OutputRange& range : network.ranges(inputs)) {
    std::printf("%s%s: [%.9g, %.9g]", first ? "" : ",\n", quoted(range.name).c_str(), static_cast<double>(range.low),
                static_cast<double>(range.high));
    first = false;
  }
  std::printf("}\n");
  return 0;
}

int main_of(int count, char** arguments) {
  Keys keys;
  for (int i = 2; i < count; ++i) {
    const char* equals = std::strchr(arguments[i], '=');
    if (equals == nullptr) fail(std::string("'") + arguments[i] + "' is not KEY=VALUE");
    keys[std::string(arguments[i], static_cast<std::size_t>(equals - arguments[i]))] = equals + 1;
  }
  const std::string mode = count > 1 ? arguments[1] : "";
  if (mode == "turns") return turns(keys);
  if (mode == "layers") return layer_times(keys);
  if (mode == "load") return load(keys);
  if (mode == "memory") return memory(keys);
  if (mode == "ranges") return ranges(keys);
  std::fprintf(stderr, "usage: octet_peers turns|layers|load|memory|ranges KEY=VALUE...\n");
  return 2;
}

}  // namespace
}  // namespace octet::bench

int main(int count, char** arguments) { return octet::bench::main_of(count, arguments); }
