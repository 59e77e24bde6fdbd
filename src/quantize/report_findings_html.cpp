#include <algorithm>

#include "quantize/html_text.h"
#include "quantize/report_histogram.h"
#include "quantize/report_sections.h"

namespace octet::html {
namespace {

constexpr std::size_t kMost = 6;

// Advice with the keys of the configuration, which stand in quotes and brackets, set as code.
std::string advice_text(const std::string& advice) {
  std::string html;
  std::size_t at = 0;
  while (at < advice.size()) {
    const std::size_t begin = advice.find('"', at);
    if (begin == std::string::npos) break;
    html += escaped(std::string_view(advice).substr(at, begin - at), 1000);
    // A key and, behind a colon, its value.
    std::size_t end = advice.find('"', begin + 1);
    if (end == std::string::npos) end = advice.size() - 1;
    if (advice.compare(end + 1, 2, ": ") == 0) {
      const std::size_t value = end + 3;
      const char first = value < advice.size() ? advice[value] : ' ';
      const std::size_t closing = first == '['   ? advice.find("\"]", value) + 1
                                  : first == '"' ? advice.find('"', value + 1)
                                                 : advice.find_first_of(" ,;", value) - 1;
      end = std::min(closing, advice.size() - 1);
    }
    html += "<code>" + escaped(std::string_view(advice).substr(begin, end + 1 - begin), 1000) + "</code>";
    at = end + 1;
  }
  return html + (at < advice.size() ? escaped(std::string_view(advice).substr(at), 1000) : std::string());
}

std::string finding(const LayerError& layer, std::size_t rank) {
  const LayerCause& cause = layer.cause;
  std::string html = "<li class=\"finding\">\n<div class=\"words\"><p class=\"who\"><span class=\"place\">" +
                     std::to_string(rank) + "</span> <b>" + name(layer.name) + "</b> <span class=\"soft\">" +
                     escaped(layer.op) + "</span> <span class=\"badge\">" + escaped(cause_name(cause.kind)) +
                     "</span></p>\n<p class=\"why\">" + escaped(cause.text, 1000) +
                     ".</p>\n<p class=\"do\"><b>Change</b> " + advice_text(cause.advice) + "</p>\n<p class=\"soft\">";
  if (cause.own_sqnr_db < 200) html += "It adds error at " + sqnr_text(cause.own_sqnr_db) + "; ";
  html += "its output has " + sqnr_text(layer.error.sqnr_db);
  if (!layer.method.empty()) html += ", range by " + escaped(layer.method);
  return html + ".</p></div>\n" + histogram_chart(layer) + "</li>\n";
}

}  // namespace

std::string cause_name(const std::string& kind) {
  std::string text = kind;
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string findings_section(const Report& report) {
  std::vector<const LayerError*> found;
  for (const LayerError& layer : report.layers) {
    if (!layer.cause.kind.empty() && layer.cause.kind != "inherited") found.push_back(&layer);
  }
  if (found.empty()) return {};
  std::stable_sort(found.begin(), found.end(), [](const LayerError* a, const LayerError* b) {
    return a->cause.own_sqnr_db < b->cause.own_sqnr_db;
  });
  std::string html =
      "<section id=\"findings\">\n<h2>Where the error comes from</h2>\n<p>" +
      (found.size() > kMost
           ? "The " + std::to_string(kMost) + " of " + counted(static_cast<std::int64_t>(found.size()), "layer")
           : counted(static_cast<std::int64_t>(found.size()), "layer")) +
      " that add most error of their own, the worst first. Nothing has to be changed where the outputs are "
      "good enough.</p>\n<ol class=\"findings\">\n";
  for (std::size_t i = 0; i < std::min(kMost, found.size()); ++i) html += finding(*found[i], i + 1);
  return html +
         "</ol>\n<p class=\"legend\"><span class=\"key\">values inside the range</span><span class=\"key bad\">values "
         "that are clipped</span><span>Heights are logarithms of counts; the shaded band is the range of "
         "int8.</span></p>\n"
         "</section>\n";
}

}  // namespace octet::html
