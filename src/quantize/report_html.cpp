// The report as a page: headline, outputs, picture, layers, samples, warnings. Everything is in the file; the policy in
// its head forbids it to load anything.
#include <algorithm>
#include <cmath>

#include "quantize/html_text.h"
#include "quantize/report.h"
#include "quantize/report_chart.h"
#include "quantize/report_histogram.h"
#include "quantize/report_sections.h"
#include "quantize/report_style.h"

namespace octet {
namespace {

using namespace html;

std::string cell(const std::string& text) { return "<td>" + text + "</td>"; }

// A number as people read it, sorted by its value.
std::string cell(const std::string& text, double value) {
  const auto number = std::isfinite(value) ? std::to_string(value) : std::string("-1e300");
  return "<td data-value=\"" + number + "\">" + text + "</td>";
}

std::string name_cell(const std::string& text) { return "<td class=\"name\">" + name(text) + "</td>"; }

std::string text_cell(const std::string& text) { return "<td class=\"text\">" + escaped(text) + "</td>"; }

struct Column {
  const char* title;
  const char* hint = nullptr;
  bool is_text = false;
};

std::string table_head(const std::vector<Column>& columns, bool sortable) {
  std::string html =
      std::string("<div class=\"table\"><table") + (sortable ? " class=\"sortable\"" : "") + ">\n<thead><tr>";
  for (const Column& column : columns) {
    html += "<th scope=\"col\"";
    if (column.is_text) html += " class=\"text\"";
    if (column.hint != nullptr) html += std::string(" title=\"") + column.hint + "\"";
    html += std::string(">") + column.title + "</th>";
  }
  return html + "</tr></thead>\n<tbody>\n";
}

constexpr const char* kTableEnd = "</tbody></table></div>\n";

std::string fact(const std::string& term, const std::string& value, const std::string& note) {
  return "<div class=\"fact\"><dt>" + term + "</dt><dd class=\"value\">" + value + "</dd><dd class=\"note\">" + note +
         "</dd></div>\n";
}

double share_of(std::int64_t part, std::int64_t all) { return static_cast<double>(part) / static_cast<double>(all); }

std::string size_fact(const Report& report) {
  const std::string note =
      report.float_weight_bytes > 0
          ? percent(share_of(report.int8_weight_bytes, report.float_weight_bytes)) + " of the float weights"
          : "no weights";
  return fact("Weights", size_text(report.float_weight_bytes) + " → " + size_text(report.int8_weight_bytes), note);
}

std::string output_fact(const Report& report) {
  if (report.outputs.empty()) return {};
  const OutputError& worst =
      *std::min_element(report.outputs.begin(), report.outputs.end(),
                        [](const OutputError& a, const OutputError& b) { return a.error.cosine < b.error.cosine; });
  return fact("Cosine of float and int8 output", fixed(worst.error.cosine, 5),
              name(worst.name) + (report.outputs.size() > 1 ? ", the least of all outputs" : ", the output"));
}

std::string samples_fact(const Report& report) {
  std::string note;
  if (report.command == "quantize") {
    note = counted(report.calibration_samples, "sample") + " for calibration; " +
           (report.held_out ? "the measured ones are others" : "the measured ones are among them");
  } else {
    note = "run by both networks";
  }
  if (report.skipped_files > 0) note += "; " + counted(report.skipped_files, "file") + " skipped";
  return fact("Measured on", counted(report.measured_samples, "sample"), note);
}

std::string boxes_fact(const Report& report) {
  if (!report.detections) return {};
  const DetectionReport& found = *report.detections;
  const std::int64_t all = found.float_boxes + found.int8_boxes - found.matched;
  return fact("Boxes", all > 0 ? percent(share_of(found.matched, all)) : "none",
              all > 0 ? "of " + std::to_string(all) + " that either network finds are found by both"
                      : "neither network finds anything");
}

std::string time_fact(const Report& report) {
  if (!(report.float_run_ms > 0) || !(report.int8_run_ms > 0)) return {};
  const auto digits = [](double ms) { return ms < 1 ? 3 : 2; };
  return fact("Time of a run",
              fixed(report.float_run_ms, digits(report.float_run_ms)) + " → " +
                  fixed(report.int8_run_ms, digits(report.int8_run_ms)) + "\u00A0ms",
              fixed(report.float_run_ms / report.int8_run_ms, 1) +
                  " times as fast: the fastest runs on one thread of the CPU that made this report");
}

std::string headline(const Report& report) {
  std::string html = "<header>\n<p class=\"kicker\">Octet · ";
  html += report.command == "compare" ? "a float network beside its int8 form" : "a network quantized to int8";
  html += "</p>\n<h1>" + (report.model.empty() ? std::string("Unnamed network") : name(report.model)) + "</h1>\n";
  if (report.poor) {
    html += "<p class=\"verdict\"><strong>Poor.</strong> The quality is below a limit; the warnings say which.</p>\n";
  }
  html += "<dl class=\"facts\">\n" + size_fact(report);
  if (report.macs > 0) {
    html += fact("Computed in int8", percent(share_of(report.int8_macs, report.macs)),
                 "of " + count_text(report.macs) + " multiply-accumulates a run");
  }
  html += output_fact(report);
  if (report.labelled_samples > 0) {
    html += fact("Accuracy, float → int8", percent(report.float_top1) + " → " + percent(report.int8_top1),
                 "top 1 on " + counted(report.labelled_samples, "labelled sample") + "; top 5 " +
                     percent(report.float_top5) + " → " + percent(report.int8_top5));
  }
  if (report.agreement >= 0) {
    html += fact("Agreement", percent(report.agreement), "of the samples get the same class from both");
  }
  html += boxes_fact(report) + time_fact(report) + samples_fact(report) + "</dl>\n";
  if (report.command == "quantize" && !report.held_out) {
    html +=
        "<div class=\"notice\"><p><strong>Not held out.</strong> Every sample was used for calibration, so these "
        "numbers may flatter. Leave some samples out to see what new ones will get.</p></div>\n";
  }
  return html + "</header>\n";
}

std::string outputs_section(const Report& report) {
  if (report.outputs.empty()) return {};
  std::string html = "<section id=\"outputs\">\n<h2>Outputs</h2>\n" +
                     table_head({{"Output", nullptr, true},
                                 {"Cosine", "of all samples together"},
                                 {"Least cosine", "of one sample"},
                                 {"Mean cosine", "over the samples"},
                                 {"SQNR", "signal to quantization noise ratio"},
                                 {"Max error", "float value minus int8 value, its magnitude"}},
                                false);
  for (const OutputError& output : report.outputs) {
    const TensorError& error = output.error;
    html += "<tr>" + name_cell(output.name) + cell(fixed(error.cosine, 5)) + cell(fixed(error.least_cosine, 5)) +
            cell(fixed(error.mean_cosine, 5)) + cell(sqnr_text(error.sqnr_db)) +
            cell(short_number(error.max_abs_error)) + "</tr>\n";
  }
  return html + kTableEnd + "</section>\n";
}

std::string reading(const Report& report) {
  const bool scaled = std::any_of(report.layers.begin(), report.layers.end(),
                                  [](const LayerError& layer) { return layer.is_equalized; });
  const char* factors = report.command == "compare"
                            ? "the float values are multiplied with the factor that fits each channel best, so that "
                              "an error that is a mere factor is not seen"
                            : "the float values are those of the equalized float network";
  return "<section>\n<h2>How to read this</h2>\n"
         "<p>Cosine 1 means that int8 gives the same values as float up to a factor. SQNR compares the values with "
         "their "
         "error: at 20 dB the error is a tenth of the signal, at 40 dB a hundredth, and 6 dB more halve it.</p>\n"
         "<p>A layer's number holds the errors of all layers before it, so a slow fall along the network is normal. "
         "Where a bar drops beside its neighbours, a layer loses something: a clipped share above zero says that its "
         "range is too narrow, otherwise one scale has to serve values that are too different. Such a layer can stay "
         "float by its name in <code>skip_quant_op_names</code>; low bars whose outputs are right need nothing.</p>\n" +
         (scaled ? "<p>Equalization brought the channels of the layers marked <em>scaled</em> to comparable ranges. "
                   "They are compared in the scale of the int8 network: " +
                       std::string(factors) + ".</p>\n"
                 : "") +
         "</section>\n";
}

std::string picture_section(const Report& report) {
  if (report.layers.empty()) return {};
  const bool some_float =
      std::any_of(report.layers.begin(), report.layers.end(), [](const LayerError& layer) { return !layer.is_int8; });
  return "<section>\n<h2>Signal to noise, layer by layer</h2>\n<figure>\n" + sqnr_chart(report.layers) +
         "<figcaption><span class=\"key\">int8</span>" + (some_float ? "<span class=\"key float\">float</span>" : "") +
         "<span>SQNR in dB, higher is better. Numbers above bars mark the worst layers. A bar tells its layer's name "
         "under the pointer.</span></figcaption>\n</figure>\n</section>\n";
}

std::string sqnr_cell(const TensorError& error) {
  constexpr double kFullBar = 60;  // dB
  const double share = std::isfinite(error.sqnr_db) ? std::clamp(error.sqnr_db / kFullBar, 0.0, 1.0) : 0;
  return "<td class=\"bar\" data-value=\"" + std::to_string(std::isfinite(error.sqnr_db) ? error.sqnr_db : -1e300) +
         "\">" + sqnr_text(error.sqnr_db) + "<i style=\"width:" + fixed(share * 80, 1) + "%\"></i></td>";
}

// Which columns a table of layers needs.
struct LayerColumns {
  bool method = false, details = false, times = false;

  static LayerColumns of(const std::vector<LayerError>& layers) {
    const auto any = [&](auto test) { return std::any_of(layers.begin(), layers.end(), test); };
    return {any([](const LayerError& layer) { return !layer.method.empty(); }),
            any([](const LayerError& layer) { return !layer.values.counts.empty(); }),
            any([](const LayerError& layer) { return layer.float_ms > 0 || layer.int8_ms > 0; })};
  }
};

std::string details_cells(const LayerError& layer) {
  const LayerCause& cause = layer.cause;
  std::string html = "<td class=\"values\">" + histogram_line(layer) + "</td>";
  html += cell(cause.own_sqnr_db < 200 ? sqnr_text(cause.own_sqnr_db) : "–", cause.own_sqnr_db);
  if (cause.kind.empty()) return html + "<td class=\"text\">–</td>";
  return html + "<td class=\"text\" title=\"" + escaped(cause.text, 1000) + "\">" + escaped(cause_name(cause.kind)) +
         "</td>";
}

std::string time_cell(double ms) { return ms > 0 ? cell(fixed(ms, 3), ms) : cell("–", 0); }

std::string layer_row(const LayerError& layer, std::size_t rank, std::size_t position, const LayerColumns& columns) {
  std::string html = std::string("<tr class=\"") + (layer.is_int8 ? "int8" : "float") + "\">" +
                     cell(std::to_string(rank)) + cell(std::to_string(position)) + name_cell(layer.name) +
                     text_cell(layer.op) + "<td class=\"text\"><span class=\"tag\">" +
                     (layer.is_int8 ? "int8" : "float") + "</span>" +
                     (layer.is_equalized ? " <span class=\"tag\">scaled</span>" : "") + "</td>";
  if (columns.method) html += text_cell(layer.method);
  if (layer.is_int8) {
    html += cell(short_number(layer.low) + " … " + short_number(layer.high),
                 static_cast<double>(layer.high) - static_cast<double>(layer.low));
  } else {
    html += cell("–", 0);
  }
  const TensorError& error = layer.error;
  html += cell(fixed(error.cosine, 5), error.cosine) + sqnr_cell(error) +
          cell(short_number(error.max_abs_error), error.max_abs_error);
  html += layer.is_int8 ? cell(percent(layer.clipped_share), layer.clipped_share) : cell("–", -1);
  if (columns.details) html += details_cells(layer);
  if (columns.times) html += time_cell(layer.float_ms) + time_cell(layer.int8_ms);
  return html + "</tr>\n";
}

std::string layers_section(const Report& report) {
  if (report.layers.empty()) {
    return "<section>\n<h2>Layers</h2>\n<p>The two networks have no layer in common: none has the same name and "
           "shape in both.</p>\n</section>\n";
  }
  const LayerColumns shown = LayerColumns::of(report.layers);
  std::vector<Column> columns{{"Rank", "1 is the worst"},
                              {"Order", "of execution"},
                              {"Layer", nullptr, true},
                              {"Operator", nullptr, true},
                              {"Type", nullptr, true}};
  if (shown.method) columns.push_back({"Method", "how the range was chosen", true});
  columns.insert(columns.end(), {{"Range", "real values of the least and the greatest level"},
                                 {"Cosine"},
                                 {"SQNR", "signal to quantization noise ratio"},
                                 {"Max error", "float value minus int8 value, its magnitude"},
                                 {"Clipped", "share of the float values outside the range"}});
  if (shown.details) {
    columns.insert(columns.end(), {{"Values", "of the float network; the band is the range of int8"},
                                   {"Adds", "SQNR of the error that the layer itself adds, as far as known"},
                                   {"Cause", "why it differs; more under the pointer", true}});
  }
  if (shown.times) {
    columns.insert(columns.end(), {{"Float ms", "of one run on one thread"}, {"Int8 ms", "of one run on one thread"}});
  }
  std::string html = "<section id=\"layers\">\n<h2>Layers, worst first</h2>\n" + table_head(columns, true);
  const std::vector<std::size_t> order = worst_first(report.layers);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    html += layer_row(report.layers[order[rank]], rank + 1, order[rank] + 1, shown);
  }
  return html + kTableEnd + "</section>\n";
}

std::string times_section(const Report& report) {
  const std::string chart = time_chart(report.layers);
  if (chart.empty()) return {};
  return "<section id=\"times\">\n<h2>Time, layer by layer</h2>\n<figure>\n" + chart +
         "<figcaption><span class=\"key float\">float</span><span class=\"key\">int8</span><span>Milliseconds of one "
         "run on one thread of the CPU that made this report. Medians; they changed nothing in the network.</span>"
         "</figcaption>\n</figure>\n</section>\n";
}

std::string kept_float_section(const Report& report) {
  if (report.kept_float.empty()) return {};
  std::string html =
      "<section>\n<h2>Kept in float for speed</h2>\n<p>Measured on the machine that made this network, with one "
      "thread: with these layers in float a run takes " +
      fixed(report.mixed_ms, 3) + " ms, without them " + fixed(report.int8_ms, 3) +
      " ms. Another machine may choose others; their names in <code>skip_quant_op_names</code> give the same network "
      "everywhere.</p>\n" +
      table_head({{"Layer", nullptr, true},
                  {"Operator", nullptr, true},
                  {"Float", "milliseconds of the layer alone"},
                  {"Int8", "milliseconds of the layer alone"}},
                 false);
  for (const KeptFloat& layer : report.kept_float) {
    html += "<tr>" + name_cell(layer.name) + text_cell(layer.op) + cell(fixed(layer.float_ms, 4) + " ms") +
            cell(fixed(layer.int8_ms, 4) + " ms") + "</tr>\n";
  }
  return html + kTableEnd + "</section>\n";
}

std::string mixed_section(const Report& report) {
  if (!report.mixed || report.mixed->layers.empty()) return {};
  const MixedReport& mixed = *report.mixed;
  std::string html = "<section>\n<h2>Kept in float for accuracy</h2>\n<p>With these layers in float, " +
                     percent(mixed.float_mac_share) + " of the multiply-accumulates, the outputs have an SQNR of " +
                     fixed(mixed.sqnr_db, 1) + " dB; with all in int8 " + fixed(mixed.all_int8_sqnr_db, 1) + " dB";
  if (mixed.all_int8_drop > 0) {
    html += ". Of the answers " + percent(mixed.drop) + " are expected to change, with all in int8 " +
            percent(mixed.all_int8_drop);
  }
  html += std::string(". The budget of <code>mixed</code> ") + (mixed.reached ? "holds" : "does not hold") +
          ". Layers that are kept together spare the tensor between them; one alone may gain nothing.</p>\n" +
          table_head({{"Layer", nullptr, true},
                      {"Operator", nullptr, true},
                      {"MACs", "multiply-accumulates of one run"},
                      {"Gain", "dB at the outputs where this layer alone is kept"}},
                     false);
  for (const MixedLayer& layer : mixed.layers) {
    html += "<tr>" + name_cell(layer.name) + text_cell(layer.op) + cell(std::to_string(layer.macs)) +
            cell(fixed(layer.gained_db, 2) + " dB") + "</tr>\n";
  }
  return html + kTableEnd + "</section>\n";
}

std::string warnings_section(const Report& report) {
  if (report.warnings.empty()) return {};
  constexpr std::size_t kOpen = 5;
  constexpr std::size_t kMost = 500;
  const std::size_t count = report.warnings.size();
  std::string html = "<section>\n<h2>Warnings</h2>\n<div class=\"warnings\">\n";
  const auto list = [&](std::size_t begin, std::size_t end) {
    html += "<ul>\n";
    for (std::size_t i = begin; i < end; ++i) html += "<li>" + name(report.warnings[i], 1000) + "</li>\n";
    html += "</ul>\n";
  };
  list(0, std::min(kOpen, count));
  if (count > kOpen) {
    html += "<details><summary>" + std::to_string(count - kOpen) + " more</summary>\n";
    list(kOpen, std::min(kMost, count));
    if (count > kMost) html += "<p>and " + std::to_string(count - kMost) + " more</p>\n";
    html += "</details>\n";
  }
  return html + "</div>\n</section>\n";
}

std::string footer(const Report& report) {
  std::string html =
      "<footer>Made by <code>octet " + escaped(report.command) + "</code> in " + fixed(report.seconds, 1) + " s";
  if (!report.isa.empty()) html += " with kernels for " + escaped(report.isa);
  return html + ".</footer>\n";
}

}  // namespace

std::string report_html(const Report& report) {
  const std::string title = report.model.empty() ? "network" : escaped(report.model);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
         "script-src 'unsafe-inline'; img-src data:\">\n<title>" +
         title + " – int8 report</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + headline(report) +
         "<main>\n" + warnings_section(report) + outputs_section(report) + detections_section(report) +
         findings_section(report) + picture_section(report) + times_section(report) + samples_section(report) +
         mixed_section(report) + kept_float_section(report) + layers_section(report) + reading(report) + "</main>\n" +
         footer(report) + "<script>" + kScript + "</script>\n</body>\n</html>\n";
}

}  // namespace octet
