// Labels of images: a tab-separated file with a header line and at least the columns file and class_index.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image/samples.h"

namespace octet {

// The class of each sample of the source, with `offset` added; -1 where no line names it. A line's file matches a
// sample by the end of its path: whole components, "a/b.jpg" matches "x/a/b.jpg" and "b.jpg"; the longest match counts.
// Errors: Code::io; Code::data naming the line; Code::data where no sample has a label.
Result<std::vector<std::int64_t>> load_labels(const std::string& path, const SampleSource& source, std::int64_t offset);

}  // namespace octet
