// A .mnn file becomes a Graph: the files of 2019 and those of today's converters.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "import/import.h"
#include "import/mnn/convert.h"
#include "import/mnn/emitter.h"
#include "import/mnn/tensor_quant.h"

namespace octet {
namespace {

using namespace mnn;

constexpr flatbuffers::uoffset_t kMaxDepth = 32;
constexpr std::size_t kMaxFile = FLATBUFFERS_MAX_BUFFER_SIZE - 1;

// FlatBuffers wants its buffer aligned; what the caller holds in memory may not be.
constexpr std::uintptr_t kBufferAlignment = 8;

// Every table takes 4 bytes at least (tables may be shared, but a writer has no reason to share many).
bool verify_tables(std::span<const std::byte> bytes) {
  const auto tables = static_cast<flatbuffers::uoffset_t>(bytes.size() / 4 + 16);
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), kMaxDepth, tables);
  return fb::VerifyNetBuffer(verifier);
}

const fb::Net* verified_net(std::span<const std::byte> bytes) {
  if (bytes.size() < 8 || bytes.size() > kMaxFile || !verify_tables(bytes)) return nullptr;
  return fb::GetNet(bytes.data());
}

Bytes aligned(const Bytes& bytes) {
  const bool fits = reinterpret_cast<std::uintptr_t>(bytes.data()) % kBufferAlignment == 0;
  return fits ? bytes : Bytes::copy_of(bytes.data(), bytes.size());
}

std::string type_text(fb::OpType type) {
  const char* name = fb::EnumNameOpType(type);
  return *name != 0 ? name : "operator " + std::to_string(static_cast<int>(type));
}

std::string describe(const fb::Op& op) {
  const std::string name = text_of(op.name());
  return (name.empty() ? std::string("an operator without a name") : "operator '" + printable(name) + "'") + " (" +
         type_text(op.type()) + ")";
}

// The kinds among the operators that `matches`, each once.
template <class Matches>
std::vector<std::string> kinds_of(const fb::Net& net, Matches matches) {
  std::vector<std::string> kinds;
  std::vector<fb::OpType> seen;
  for (const fb::Op* op : *net.ops()) {
    if (!matches(op->type()) || std::find(seen.begin(), seen.end(), op->type()) != seen.end()) continue;
    if (seen.size() == 256) break;  // the message names a few; a damaged file may have any number
    seen.push_back(op->type());
    kinds.push_back(type_text(op->type()));
  }
  return kinds;
}

Status check_operators(const fb::Net& net) {
  const std::vector<std::string> unknown = kinds_of(net, [](fb::OpType type) { return find_convert(type) == nullptr; });
  if (!unknown.empty()) {
    return fail(Code::unsupported, "the network has operators that are not supported: " + whole_list_text(unknown));
  }
  return {};
}

// The integers of the old int8 operators mean nothing to others than these and those that move them.
Status check_integers(const Emitter& e) {
  const fb::OpType type = e.op().type();
  const bool joins = type == fb::OpType::Concat || type == fb::OpType::Pack;  // what may be of different scales
  if (is_old_int8(type) || (moves_integers(type) && !joins)) return {};
  for (std::size_t i = 0; i < e.input_count(); ++i) {
    if (e.input(i) == kNoTensor || e.quant(e.input(i)).scale == 0) continue;
    return fail(Code::unsupported, "it reads the int8 integers of '" + printable(e.graph().at(e.input(i)).name) +
                                       "', which it has no form for; give the float network");
  }
  return {};
}

Result<Graph> convert_network(const fb::Net& net, std::size_t file_bytes, const std::string& path) {
  if (net.ops() == nullptr || net.ops()->size() == 0) return fail(Code::format, "the network has no operators");
  OCTET_TRY(check_operators(net));
  OCTET_ASSIGN(const TensorQuants quants, TensorQuants::read(net));
  Emitter emitter(net, file_bytes, path);
  for (const fb::Op* op : *net.ops()) {
    Status status = emitter.begin(*op, quants.in_int8(*op) ? &quants : nullptr);
    if (status.ok()) status = check_integers(emitter);
    if (status.ok()) status = find_convert(op->type())(emitter);
    if (status.ok()) status = emitter.end();
    if (!status.ok()) return status.within(describe(*op));
  }
  OCTET_ASSIGN(Graph graph, emitter.finish_network());
  remove_dead(graph);
  return graph;
}

// No identifier marks the format, so the whole is verified: only a file with operators passes.
bool probe(std::span<const std::byte> bytes, const std::string& path) {
  if (ending_of(path) == "mnn") return true;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kBufferAlignment != 0) {
    const Bytes copy = Bytes::copy_of(bytes.data(), bytes.size());
    return probe(copy.span(), path);
  }
  const fb::Net* net = verified_net(bytes);
  return net != nullptr && net->ops() != nullptr && net->ops()->size() > 0 && net->tensor_names() != nullptr &&
         net->tensor_names()->size() > 0;
}

Result<Graph> import(const Bytes& bytes, const std::string& path) {
  const std::string where = path.empty() ? "the model in memory" : "'" + path + "'";
  const Bytes buffer = aligned(bytes);
  const fb::Net* net = verified_net(buffer.span());
  if (net == nullptr) {
    return fail(Code::format, where + ": this is no MNN network, or it is truncated or damaged (" +
                                  std::to_string(bytes.size()) + " bytes)");
  }
  Result<Graph> graph = convert_network(*net, bytes.size(), path);
  if (!graph.ok()) return graph.status().within(where);
  return graph;
}

}  // namespace

const Importer kMnnImporter{"mnn", probe, import};

}  // namespace octet
