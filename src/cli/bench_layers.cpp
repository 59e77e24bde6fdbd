#include "cli/bench_layers.h"

#include <algorithm>

#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

double total_ms(std::span<const StepTime> steps) {
  double total = 0;
  for (const StepTime& step : steps) total += step.median_ms;
  return total;
}

// 0 where the layer multiplies nothing.
double gmacs_per_second(const StepTime& step) {
  return step.median_ms > 0 ? static_cast<double>(step.macs) / step.median_ms * 1e-6 : 0;
}

// Of what the multipliers can do at most; 0 where that does not apply.
double peak_share(const StepTime& step, const BenchSettings& settings) {
  const double peak = step.is_int8 ? settings.int8_peak : settings.float_peak;
  return peak > 0 ? gmacs_per_second(step) / peak : 0;
}

std::string ms_cell(const StepTime& step) { return fixed(step.median_ms, 4); }
std::string gmacs_cell(const StepTime& step) { return step.macs > 0 ? fixed(gmacs_per_second(step), 2) : ""; }
std::string peak_cell(const StepTime& step, const BenchSettings& settings) {
  const double share = peak_share(step, settings);
  return share > 0 ? percent(share) : "";
}

// A layer of one of the two, or of both.
struct Sides {
  const StepTime* reference = nullptr;
  const StepTime* model = nullptr;

  bool both() const { return reference != nullptr && model != nullptr; }
  double speedup() const { return model->median_ms > 0 ? reference->median_ms / model->median_ms : 0; }
  bool slower() const { return both() && is_slower(*reference, *model); }
};

Sides sides_of(const BenchEntry& twin, const BenchEntry& entry, const LayerPair& pair) {
  const auto step = [](const std::vector<StepTime>& steps, int index) {
    return index < 0 ? nullptr : &steps[static_cast<std::size_t>(index)];
  };
  return {step(twin.steps, pair.reference), step(entry.steps, pair.model)};
}

Table model_table(const BenchEntry& entry, const BenchSettings& settings) {
  Table table({{"layer", Align::left},
               {"op", Align::left},
               {"type", Align::left},
               {"kernel", Align::left},
               {"ms"},
               {"share"},
               {"GMAC/s"},
               {"of peak"}});
  const double total = total_ms(entry.steps);
  for (const StepTime& step : entry.steps) {
    table.add({step.name, step.op, step.is_int8 ? "int8" : "float", step.kernel, ms_cell(step),
               total > 0 ? percent(step.median_ms / total) : "-", gmacs_cell(step), peak_cell(step, settings)});
  }
  return table;
}

Table pair_table(const BenchEntry& twin, const BenchEntry& entry, const BenchSettings& settings) {
  Table table({{"layer", Align::left},
               {"op", Align::left},
               {"float ms"},
               {"int8 ms"},
               {"speedup"},
               {"", Align::left},
               {"float GMAC/s"},
               {"of peak"},
               {"int8 GMAC/s"},
               {"of peak"},
               {"float kernel", Align::left},
               {"int8 kernel", Align::left}});
  for (const LayerPair& pair : entry.pairs) {
    const Sides sides = sides_of(twin, entry, pair);
    const StepTime& either = sides.model != nullptr ? *sides.model : *sides.reference;
    std::vector<std::string> cells(12);
    cells[0] = either.name;
    cells[1] = either.op;
    if (sides.both()) cells[4] = fixed(sides.speedup(), 2) + "x";
    if (sides.slower()) cells[5] = "slower";
    if (sides.reference != nullptr) {
      cells[2] = ms_cell(*sides.reference);
      cells[6] = gmacs_cell(*sides.reference);
      cells[7] = peak_cell(*sides.reference, settings);
      cells[10] = sides.reference->kernel;
    }
    if (sides.model != nullptr) {
      cells[3] = ms_cell(*sides.model);
      cells[8] = gmacs_cell(*sides.model);
      cells[9] = peak_cell(*sides.model, settings);
      // A layer that the int8 model runs in float says so.
      cells[11] = sides.model->kernel + (sides.model->macs > 0 && !sides.model->is_int8 ? " (float)" : "");
    }
    table.add(std::move(cells));
  }
  return table;
}

// How far the layers, measured one by one, explain the run that was measured as a whole.
std::string sum_text(const BenchEntry& entry) {
  const double total = total_ms(entry.steps);
  const double whole = entry.statistics.median_ms;
  std::string text = fixed(total, 3) + " ms";
  if (whole > 0) text += ", " + percent(total / whole) + " of the median run (" + fixed(whole, 3) + " ms)";
  return text;
}

std::string slower_text(const BenchEntry& twin, const BenchEntry& entry) {
  std::string names;
  std::int64_t count = 0;
  double lost_ms = 0;
  for (const LayerPair& pair : entry.pairs) {
    const Sides sides = sides_of(twin, entry, pair);
    if (!sides.slower()) continue;
    ++count;
    lost_ms += sides.model->median_ms - sides.reference->median_ms;
    names += (names.empty() ? "" : ", ") + printable(sides.model->name);
  }
  if (count == 0) return "int8 is slower than float in no layer\n";
  return "int8 is slower than float in " + counted(count, "layer") + ", by " + fixed(lost_ms, 4) +
         " ms in all: " + names + "\n";
}

// What a table does not say; each line is a paragraph in Markdown.
std::string lines(std::initializer_list<std::string> texts, bool markdown) {
  std::string all;
  for (const std::string& text : texts) all += (markdown ? "\n" : "") + text;
  return all;
}

std::string pair_text(const BenchEntry& twin, const BenchEntry& entry, const BenchSettings& settings, bool markdown) {
  const Table table = pair_table(twin, entry, settings);
  return "\n" + (markdown ? "### " : std::string()) + printable(twin.file) + " beside " + printable(entry.file) +
         "\n\n" + (markdown ? table.markdown() : table.plain()) +
         lines({"layers in all, float: " + sum_text(twin) + "\n", "layers in all, int8: " + sum_text(entry) + "\n",
                slower_text(twin, entry)},
               markdown);
}

std::string model_text(const BenchEntry& entry, const BenchSettings& settings, bool markdown) {
  const Table table = model_table(entry, settings);
  return "\n" + (markdown ? "### " : std::string()) + printable(entry.file) + "\n\n" +
         (markdown ? table.markdown() : table.plain()) + lines({"layers in all: " + sum_text(entry) + "\n"}, markdown);
}

// Whether a table of an int8 model shows this one, too.
bool is_shown_as_twin(std::span<const BenchEntry> entries, const BenchEntry& entry) {
  const auto index = static_cast<std::size_t>(&entry - entries.data());
  return std::any_of(entries.begin(), entries.end(),
                     [&](const BenchEntry& other) { return !other.failure && other.float_twin == index; });
}

// For each step of an int8 model that has a twin, the float step; null where there is none.
std::vector<const StepTime*> partners(std::span<const BenchEntry> entries, const BenchEntry& entry) {
  std::vector<const StepTime*> found(entry.steps.size(), nullptr);
  for (const LayerPair& pair : entry.pairs) {
    if (pair.model < 0 || pair.reference < 0) continue;
    found[static_cast<std::size_t>(pair.model)] =
        &entries[*entry.float_twin].steps[static_cast<std::size_t>(pair.reference)];
  }
  return found;
}

}  // namespace

std::string layer_tables(std::span<const BenchEntry> entries, const BenchSettings& settings, bool markdown) {
  std::string text;
  if (settings.int8_peak > 0) {
    text += "\nmultipliers at their peak, measured here with " + counted(settings.threads, "thread") + ": int8 " +
            fixed(settings.int8_peak, 1) + " GMAC/s, float " + fixed(settings.float_peak, 1) + " GMAC/s\n";
  }
  for (const BenchEntry& entry : entries) {
    if (entry.failure || is_shown_as_twin(entries, entry)) continue;
    text += entry.float_twin ? pair_text(entries[*entry.float_twin], entry, settings, markdown)
                             : model_text(entry, settings, markdown);
  }
  return text;
}

std::string layer_csv(std::span<const BenchEntry> entries, const BenchSettings& settings) {
  Table table({{"file"},
               {"layer"},
               {"op"},
               {"int8"},
               {"kernel"},
               {"macs"},
               {"median_ms"},
               {"gmacs_per_s"},
               {"share"},
               {"peak_share"},
               {"float_ms"},
               {"speedup"},
               {"slower"}});
  for (const BenchEntry& entry : entries) {
    if (entry.failure) continue;
    const double total = total_ms(entry.steps);
    const auto partner = partners(entries, entry);
    for (std::size_t i = 0; i < entry.steps.size(); ++i) {
      const StepTime& step = entry.steps[i];
      const Sides sides{partner[i], &step};
      table.add({entry.file, step.name, step.op, step.is_int8 ? "1" : "0", step.kernel, std::to_string(step.macs),
                 fixed(step.median_ms, 6), fixed(gmacs_per_second(step), 4),
                 total > 0 ? fixed(step.median_ms / total, 6) : "", fixed(peak_share(step, settings), 6),
                 sides.both() ? fixed(partner[i]->median_ms, 6) : "", sides.both() ? fixed(sides.speedup(), 4) : "",
                 sides.both() ? (sides.slower() ? "1" : "0") : ""});
    }
  }
  return table.csv();
}

void write_layers(JsonWriter& json, std::span<const BenchEntry> entries, const BenchEntry& entry,
                  const BenchSettings& settings) {
  const double total = total_ms(entry.steps);
  const auto partner = partners(entries, entry);
  json.field("layers_ms", total);
  json.key("layers").begin_array();
  for (std::size_t i = 0; i < entry.steps.size(); ++i) {
    const StepTime& step = entry.steps[i];
    json.begin_object().field("name", step.name).field("op", step.op).field("int8", step.is_int8);
    json.field("kernel", step.kernel).field("macs", step.macs).field("median_ms", step.median_ms);
    json.field("gmacs_per_s", gmacs_per_second(step)).field("share", total > 0 ? step.median_ms / total : 0.0);
    json.field("peak_share", peak_share(step, settings));
    if (const Sides sides{partner[i], &step}; sides.both()) {
      json.field("float_layer", partner[i]->name).field("float_ms", partner[i]->median_ms);
      json.field("speedup", sides.speedup()).field("slower", sides.slower());
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace octet::cli
