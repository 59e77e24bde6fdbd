// A table of text, printed for people, for a spreadsheet or for a README.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace octet::cli {

enum class Align { left, right };

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::right;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell for each column; control characters are replaced.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Columns padded with spaces, a line of titles above.
  std::string plain(std::string_view indent = {}) const;
  // RFC 4180, with line feeds.
  std::string csv() const;
  std::string markdown() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace octet::cli
