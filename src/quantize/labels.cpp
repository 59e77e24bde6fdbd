#include "quantize/labels.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/checked.h"
#include "base/file.h"
#include "base/text.h"

namespace octet {
namespace {

struct Label {
  std::string_view file;
  std::int64_t index;
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

// Components that two paths have in common at their ends, where one of them is the whole of a path; else 0.
std::size_t common_end(std::string_view a, std::string_view b) {
  const auto left = split(a, '/');
  const auto right = split(b, '/');
  std::size_t same = 0;
  while (same < left.size() && same < right.size() && left[left.size() - 1 - same] == right[right.size() - 1 - same]) {
    ++same;
  }
  return same == left.size() || same == right.size() ? same : 0;
}

Result<std::vector<Label>> parse(std::string_view text, const std::string& path, std::int64_t offset) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Label> labels;
  std::size_t file_column = 0;
  std::size_t index_column = 0;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trimmed(line);
    const std::string where = "'" + path + "' line " + std::to_string(number);
    const auto columns = split(line, '\t');
    if (number == 1) {
      file_column = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), "file") - columns.begin());
      index_column =
          static_cast<std::size_t>(std::find(columns.begin(), columns.end(), "class_index") - columns.begin());
      if (file_column == columns.size() || index_column == columns.size()) {
        return fail(Code::data,
                    where + ": the header must name the columns 'file' and 'class_index', separated by tabs; found '" +
                        printable(line) + "'");
      }
      continue;
    }
    if (line.empty()) continue;
    if (columns.size() <= std::max(file_column, index_column)) {
      return fail(Code::data, where + ": has " + std::to_string(columns.size()) + " columns, too few");
    }
    const std::string_view index = columns[index_column];
    Label label{columns[file_column], 0};
    const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), label.index);
    if (error != std::errc() || end != index.data() + index.size() || label.index < 0) {
      return fail(Code::data, where + ": class_index '" + printable(index) + "' is not a whole number from 0");
    }
    if (!checked_add(label.index, offset, &label.index)) {
      return fail(Code::data, where + ": class_index '" + printable(index) + "' and the offset leave 64 bits");
    }
    label.index = std::max<std::int64_t>(label.index, -1);  // below the first class there is none
    labels.push_back(label);
  }
  return labels;
}

}  // namespace

Result<std::vector<std::int64_t>> load_labels(const std::string& path, const SampleSource& source,
                                              std::int64_t offset) {
  OCTET_ASSIGN(const Bytes bytes, map_file(path));
  OCTET_ASSIGN(const auto labels, parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path, offset));
  // Lines by the last component of their file, so that each sample looks at few.
  auto last = [](std::string_view file) { return file.substr(file.rfind('/') + 1); };
  std::vector<Label> by_name = labels;
  auto less = [&](const Label& a, const Label& b) { return last(a.file) < last(b.file); };
  std::stable_sort(by_name.begin(), by_name.end(), less);
  std::vector<std::int64_t> classes(source.count(), -1);
  bool any = false;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::string name = source.path(i);
    std::size_t best = 0;
    const auto range = std::equal_range(by_name.begin(), by_name.end(), Label{name, 0}, less);
    for (auto label = range.first; label != range.second; ++label) {
      const std::size_t length = common_end(name, label->file);
      if (length <= best) continue;
      best = length;
      classes[i] = label->index;
      any = true;
    }
  }
  if (!any) {
    return fail(Code::data, "'" + path + "' names none of the " + std::to_string(classes.size()) +
                                " samples (the first is '" + printable(source.name(0)) + "')");
  }
  return classes;
}

}  // namespace octet
