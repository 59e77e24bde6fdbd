// A .tflite file becomes a Graph.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "import/import.h"
#include "import/tflite/convert.h"
#include "import/tflite/emitter.h"
#include "import/tflite/file.h"

namespace octet {
namespace {

using namespace tflite;

constexpr flatbuffers::uoffset_t kMaxDepth = 16;
constexpr std::size_t kMaxFile = FLATBUFFERS_MAX_BUFFER_SIZE - 1;
constexpr std::uint32_t kSchemaVersion = 3;  // the only one that was ever published as a file format

// FlatBuffers wants its buffer aligned; what the caller holds in memory may not be.
constexpr std::uintptr_t kBufferAlignment = 16;

Bytes aligned(const Bytes& bytes) {
  const bool fits = reinterpret_cast<std::uintptr_t>(bytes.data()) % kBufferAlignment == 0;
  return fits ? bytes : Bytes::copy_of(bytes.data(), bytes.size());
}

// Every table takes 4 bytes at least (tables may be shared, but a writer has no reason to share many).
const fb::Model* verified_model(std::span<const std::byte> bytes) {
  if (bytes.size() < 8 || bytes.size() > kMaxFile) return nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto tables = static_cast<flatbuffers::uoffset_t>(bytes.size() / 4 + 16);
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, tables);
  return fb::VerifyModelBuffer(verifier) ? fb::GetModel(data) : nullptr;
}

// Operators that cannot be imported, gathered so that one message names them all.
class Unsupported {
 public:
  void add(const std::string& what, const std::string& node_name) {
    const auto [entry, is_new] = index_.emplace(what, entries_.size());
    if (is_new) entries_.push_back({what, node_name, 0});
    ++entries_[entry->second].count;
  }
  bool empty() const { return entries_.empty(); }
  Status status() const {
    std::vector<std::string> texts;
    for (const Entry& entry : entries_) {
      const std::string more = entry.count > 1 ? " and " + std::to_string(entry.count - 1) + " more" : "";
      texts.push_back(entry.what + " (node '" + printable(entry.first_node) + "'" + more + ")");
    }
    return fail(Code::unsupported,
                "convert the network without the operators that are not supported: " + whole_list_text(texts));
  }

 private:
  struct Entry {
    std::string what, first_node;
    int count;
  };
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> index_;
};

Status convert_operator(Emitter& emitter, const File& file, const fb::Operator& op) {
  const Convert convert = find_convert(file.kind(op));
  if (convert == nullptr) return fail(Code::unsupported, "");
  OCTET_TRY(emitter.begin(op));
  OCTET_TRY(convert(emitter));
  return emitter.end();
}

Result<Graph> convert_network(const File& file) {
  OCTET_TRY(file.check());
  Emitter emitter(file);
  OCTET_TRY(emitter.add_inputs());
  Unsupported unsupported;
  for (const fb::Operator* op : *file.network().operators()) {
    const Status status = convert_operator(emitter, file, *op);
    if (status.ok()) continue;
    const std::string kind = file.kind_text(*op);
    if (status.code() == Code::unsupported) {
      unsupported.add(kind + (status.message().empty() ? "" : ": " + status.message()), file.node_name(*op));
      emitter.skip(*op);
      continue;
    }
    // Behind an unsupported operator further errors may only follow from it.
    if (!unsupported.empty()) return unsupported.status();
    return status.within("node '" + printable(file.node_name(*op)) + "' (" + kind + ")");
  }
  if (!unsupported.empty()) return unsupported.status();
  OCTET_ASSIGN(Graph graph, emitter.finish_network());
  const flatbuffers::String* name = file.network().name();
  if (name != nullptr) graph.name = name->str();
  remove_dead(graph);
  return graph;
}

Result<Graph> import_bytes(const Bytes& bytes) {
  const fb::Model* model = verified_model(bytes.span());
  if (model == nullptr) {
    return fail(Code::format, "this is no TensorFlow Lite network, or it is truncated or damaged (" +
                                  std::to_string(bytes.size()) + " bytes)");
  }
  if (model->version() != kSchemaVersion) {
    return fail(model->version() > kSchemaVersion ? Code::version : Code::unsupported,
                "its schema is version " + std::to_string(model->version()) + "; this library reads version " +
                    std::to_string(kSchemaVersion));
  }
  if (model->subgraphs() == nullptr || model->subgraphs()->size() == 0) {
    return fail(Code::format, "it holds no network");
  }
  return convert_network(File(bytes, *model, *model->subgraphs()->Get(0)));
}

bool probe(std::span<const std::byte> bytes, const std::string& path) {
  if (ending_of(path) == "tflite") return true;
  return bytes.size() >= 8 && fb::ModelBufferHasIdentifier(bytes.data());
}

Result<Graph> import(const Bytes& bytes, const std::string& path) {
  Result<Graph> graph = import_bytes(aligned(bytes));
  if (graph.ok()) return graph;
  return graph.status().within(path.empty() ? "the model in memory" : "'" + printable(path) + "'");
}

}  // namespace

const Importer kTfliteImporter{"tflite", probe, import};

}  // namespace octet
