// The report as a page and as JSON: what it tells, and that no name in it can break it.
#include <algorithm>
#include <clocale>
#include <cmath>
#include <limits>

#include "quantize/config_json.h"
#include "quantize/html_text.h"
#include "quantize/report.h"
#include "quantize/report_chart.h"
#include "quantize/report_histogram.h"
#include "support/expect.h"

using namespace octet;
using namespace octet::test;

namespace {

LayerError layer(const std::string& name, double sqnr_db, bool is_int8 = true) {
  LayerError result;
  result.name = name;
  result.op = "conv";
  result.is_int8 = is_int8;
  result.method = is_int8 ? "KL" : "";
  result.error = {0.99, 0.98, 0.985, sqnr_db, 0.25};
  if (is_int8) {
    result.low = -1.5F;
    result.high = 2.5F;
    result.clipped_share = 0.025;
  }
  return result;
}

Report example() {
  Report report;
  report.command = "quantize";
  report.model = "network";
  report.isa = "ref";
  report.outputs = {{"scores", {0.99987, 0.9991, 0.9995, 38.26, 0.125}}};
  report.layers = {layer("first", 30), layer("second", 12.5), layer("third", 21, false)};
  report.worst_samples = {{"dark.jpg", 0.9123}};
  report.calibration_samples = 80;
  report.measured_samples = 20;
  report.held_out = true;
  report.float_weight_bytes = 4000000;
  report.int8_weight_bytes = 1050000;
  report.macs = 200000000;
  report.int8_macs = 150000000;
  report.seconds = 3.2;
  return report;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void expect_contains(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    if (!contains(text, part)) fail_msg("'%s' is not there", part);
  }
}

// U+00A0, which keeps a number and its unit on one line, as a space.
std::string plain(std::string text) {
  for (std::size_t at; (at = text.find("\u00A0")) != std::string::npos;) text.replace(at, 2, " ");
  return text;
}

bool is_utf8(const std::string& text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) return false;
    std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3FU);
    }
    const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    i += length;
  }
  return true;
}

// The page's elements in the order of their start tags. Fails where they are not nested or an attribute is not quoted.
std::vector<std::string> elements_of(const std::string& html) {
  std::vector<std::string> seen;
  std::vector<std::string> open;
  std::size_t at = 0;
  while ((at = html.find('<', at)) != std::string::npos) {
    std::size_t end = at + 1;
    for (bool quoted = false; end < html.size() && (quoted || html[end] != '>'); ++end) quoted ^= html[end] == '"';
    if (end >= html.size()) fail_msg("a tag does not end: %s", html.substr(at, 60).c_str());
    const std::string tag = html.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag[0] == '!') continue;
    const bool closes = tag[0] == '/';
    const std::string name = tag.substr(closes, tag.find_first_of(" /", 1) - closes);
    if (closes) {
      if (open.empty() || open.back() != name) fail_msg("</%s> closes nothing", name.c_str());
      open.pop_back();
      continue;
    }
    seen.push_back(name);
    if (tag.back() == '/' || name == "meta" || name == "img") continue;
    open.push_back(name);
    if (name == "script" || name == "style") at = html.find("</" + name, at);
  }
  if (!open.empty()) fail_msg("<%s> is not closed", open.back().c_str());
  return seen;
}

std::size_t count(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
}

void test_page_tells_what_was_found(void**) {
  const std::string html = plain(report_html(example()));
  expect_contains(html,
                  {"<h1><bdi>network</bdi></h1>", "4.00 MB → 1.05 MB", "26.2 % of the float weights", "75.0 %",
                   "200.0 M multiply-accumulates", "0.99987", "38.3 dB", "20 samples", "80 samples for calibration",
                   "the measured ones are others", "<bdi>second</bdi>", "KL", "−1.50 … 2.50", "2.5 %", "0.250",
                   "<bdi>dark.jpg</bdi>", "0.91230", "How to read this", "3.2 s"});
  assert_false(contains(html, "Not held out"));
  assert_false(contains(html, "Warnings"));
  assert_false(contains(html, "Accuracy"));
  assert_false(contains(html, "Agreement"));
}

void test_page_says_what_is_missing(void**) {
  Report report = example();
  report.held_out = false;
  report.skipped_files = 1;
  report.warnings = {"skipped: 'x.jpg' is truncated"};
  report.agreement = 0.9995;
  report.labelled_samples = 200;
  report.float_top1 = 0.86;
  report.int8_top1 = 0.855;
  report.float_top5 = 1;
  report.int8_top5 = 0.98;
  expect_contains(plain(report_html(report)),
                  {"Not held out", "1 file skipped", "skipped: &#39;x.jpg&#39; is truncated", "&gt; 99.9 %",
                   "86.0 % → 85.5 %", "200 labelled samples", "100 % → 98.0 %"});
}

void test_page_of_a_comparison(void**) {
  Report report = example();
  report.command = "compare";
  report.held_out = false;
  for (LayerError& each : report.layers) each.method.clear();
  const std::string html = report_html(report);
  assert_false(contains(html, "Not held out"));  // nothing is known of the calibration
  assert_false(contains(html, "for calibration"));
  assert_false(contains(html, ">Method<"));
  report.layers.clear();
  expect_contains(report_html(report), {"no layer in common"});
}

void test_layers_stand_worst_first(void**) {
  const std::string html = report_html(example());
  const std::size_t table = html.find("Layers, worst first");
  const std::size_t second = html.find("<bdi>second</bdi>", table);
  const std::size_t third = html.find("<bdi>third</bdi>", table);
  const std::size_t first = html.find("<bdi>first</bdi>", table);
  assert_true(table < second && second < third && third < first && first != std::string::npos);
}

void test_order_of_layers(void**) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto order = html::worst_first({layer("a", 20), layer("b", nan), layer("c", -5), layer("d", 20)});
  const std::vector<std::size_t> expected{1, 2, 0, 3};
  assert_true(order == expected);
}

void test_picture_has_a_bar_for_each_layer_in_order(void**) {
  const std::string svg = html::sqnr_chart(example().layers);
  const auto elements = elements_of(svg);
  assert_int_equal(count(elements, "rect"), 3);
  assert_true(svg.find("first (conv, int8)") < svg.find("second (conv, int8)"));
  assert_true(svg.find("second (conv, int8)") < svg.find("third (conv, float)"));
  expect_contains(svg, {"role=\"img\"", "aria-labelledby", "<rect class=\"float\"", "Lowest: second"});
}

// Heights of the bars, which begin at zero.
std::vector<double> heights_of(const std::string& svg) {
  std::vector<double> heights;
  for (std::size_t at = 0; (at = svg.find("<rect", at)) != std::string::npos; ++at) {
    heights.push_back(std::stod(svg.substr(svg.find(" height=\"", at) + 9)));
  }
  return heights;
}

void test_height_of_a_bar_is_its_number(void**) {
  const auto heights = heights_of(html::sqnr_chart({layer("a", 40), layer("b", 20), layer("c", 10), layer("d", 200)}));
  assert_true(std::fabs(heights.at(0) - 2 * heights.at(1)) < 0.3);
  assert_true(std::fabs(heights.at(1) - 2 * heights.at(2)) < 0.3);
  assert_true(heights.at(3) == heights.at(0));  // no error at all: to the top
}

void test_picture_of_strange_numbers(void**) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double sqnr : {nan, infinity, -infinity, -200.0, 0.0, 1e300, -1e300}) {
    const std::string svg = html::sqnr_chart({layer("a", sqnr)});
    (void)elements_of(svg);
    assert_false(contains(svg, "nan") || contains(svg, "inf") || contains(svg, "=\"−"));
    for (const double height : heights_of(svg)) assert_true(height > 0 && height < 1000);
  }
}

// With what --report adds: causes, values, times, boxes, pictures.
Report detailed() {
  Report report = example();
  LayerError& first = report.layers[0];
  first.cause = {"rare_large_values", "the range is 26 times the root mean square",
                 "keep it float: \"skip_quant_op_names\": [\"first\"], or \"feature_quantize_method\": \"AUTO\", which "
                 "weighs",
                 22.5};
  first.values = {-3, 5, {4, 0, 1, 900, 70, 3, 1, 1}};
  first.float_ms = 0.5;
  first.int8_ms = 0.125;
  report.layers[1].cause = {"inherited", "91 % of the error comes in", "nothing here: start with 'first'", 45};
  report.layers[1].values = {1, 1, {0, 0, 7}};
  report.layers[2].values = {-2, 2, {1, 2, 3}};
  report.layers[2].float_ms = 0.25;
  report.float_run_ms = 2;
  report.int8_run_ms = 0.5;
  report.detections = DetectionReport{true, 0.7, 5, 4, 3, 18, 0.91, 0.75, 0.012, 0.05};
  WorstSample& sample = report.worst_samples[0];
  sample.same_answer = false;
  sample.float_boxes = {{0.9F, 0.1F, 0.2F, 0.5F, 0.75F, true}, {0.8F, -1, 0.5F, 0.25F, 7, false}};
  sample.int8_boxes = {{0.85F, 0.1F, 0.2F, 0.5F, 0.75F, true}};
  sample.picture = std::string("\xff\xd8\xff\xe0", 4);
  sample.picture_width = 160;
  sample.picture_height = 120;
  return report;
}

void test_scaled_layers_are_marked(void**) {
  Report report = example();
  const std::string without = report_html(report);
  assert_true(without.find("scaled") == std::string::npos &&
              report_json(report).find("equalized") == std::string::npos);
  report.layers[0].is_equalized = true;
  const std::string html = report_html(report);
  for (const char* part : {"<span class=\"tag\">scaled</span>", "those of the equalized float network"}) {
    assert_true(html.find(part) != std::string::npos);
  }
  report.command = "compare";
  assert_true(report_html(report).find("fits each channel best") != std::string::npos);
  const std::string json = report_json(report);
  assert_true(json.find("\"equalized\": true") == json.rfind("\"equalized\"") &&
              json.find("\"equalized\"") != std::string::npos);
}

void test_page_tells_why_and_what_to_change(void**) {
  const std::string html = plain(report_html(detailed()));
  (void)elements_of(html);
  expect_contains(html, {"Where the error comes from", "rare large values", "26 times the root mean square",
                         "<code>&quot;skip_quant_op_names&quot;: [&quot;first&quot;]</code>",
                         "<code>&quot;feature_quantize_method&quot;: &quot;AUTO&quot;</code>, which weighs", "22.5 dB",
                         "<td class=\"text\" title=\"91 % of the error comes in\">inherited</td>"});
  // One picture and three lines of values; what is inherited is no finding.
  const auto elements = elements_of(html);
  std::size_t pictures = 0;
  for (std::size_t at = 0; (at = html.find("<svg class=\"histogram\"", at)) != std::string::npos; ++at) ++pictures;
  assert_int_equal(pictures, 1);
  assert_int_equal(count(elements, "svg"), 1 + 1 + 3 + 1 + 1);  // SQNR, finding, lines, times, boxes
  expect_contains(html, {"2.00 → 0.500 ms", "4.0 times as fast", "Time, layer by layer",
                         "first (conv), float: 0.5000 ms", "<td data-value=\"0.125000\">0.125</td>"});
}

void test_page_shows_samples_and_boxes(void**) {
  const std::string html = plain(report_html(detailed()));
  expect_contains(html, {"3</dd>", "of 5 by float and 4 by int8", "18 of 20", "0.910", "least is 0.750", "0.0120",
                         "0.0500", "raw: offsets to priors", "50.0 %", "float 2 boxes", "int8 1 box<",
                         "1 by float only", "width=\"160\" height=\"120\" src=\"data:image/jpeg;base64,/9j/4A==\"",
                         "<rect class=\"box float\" x=\"100.0\" y=\"200.0\" width=\"400.0\" height=\"550.0\"/>",
                         "<rect class=\"box float alone\" x=\"0.0\" y=\"500.0\" width=\"250.0\" height=\"500.0\"/>"});
  Report classifier = example();
  classifier.worst_samples = {{"cat.jpg", 0.9}};
  classifier.worst_samples[0].float_class = 7;
  classifier.worst_samples[0].float_score = 0.5;
  classifier.worst_samples[0].int8_class = 12;
  classifier.worst_samples[0].int8_score = 0.25;
  classifier.worst_samples[0].same_answer = false;
  classifier.poor = true;
  expect_contains(report_html(classifier),
                  {"float 7 (0.500)", "int8 12 (0.250)", "another answer", "<strong>Poor.</strong>"});
}

void test_histogram_shows_what_is_clipped(void**) {
  const auto areas = [](const LayerError& each) {
    const std::string svg = html::histogram_chart(each);
    (void)elements_of(svg);
    std::string found;
    for (const char* area : {"inside", "outside", "float", "range"}) found += contains(svg, area) ? area[0] : '-';
    return found;
  };
  LayerError clipped = detailed().layers[0];
  assert_string_equal(areas(clipped).c_str(), "io-r");
  clipped.low = -3;
  clipped.high = 5;
  assert_string_equal(areas(clipped).c_str(), "i--r");
  assert_string_equal(areas(detailed().layers[2]).c_str(), "--f-");  // it is float
  clipped.values.counts.clear();
  assert_true(html::histogram_chart(clipped).empty() && html::histogram_line(clipped).empty());
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float strange : {infinity, -infinity, std::nanf(""), 3e38F, -3e38F, 0.0F}) {
    LayerError layer_of = detailed().layers[0];
    layer_of.high = layer_of.values.high = strange;
    const std::string svg = html::histogram_chart(layer_of);
    (void)elements_of(svg);
    assert_false(contains(svg, "nan") || contains(svg, "inf,") || contains(svg, "d=\"ML"));
  }
}

void test_base64(void**) {
  using html::base64;
  assert_string_equal(base64("").c_str(), "");
  assert_string_equal(base64("f").c_str(), "Zg==");
  assert_string_equal(base64("fo").c_str(), "Zm8=");
  assert_string_equal(base64("foobar").c_str(), "Zm9vYmFy");
  assert_string_equal(base64(std::string("\x00\xff\xfe", 3)).c_str(), "AP/+");
}

void test_page_is_well_formed(void**) {
  const auto elements = elements_of(report_html(example()));
  assert_int_equal(count(elements, "html"), 1);
  assert_int_equal(count(elements, "table"), 2);
  assert_int_equal(count(elements, "svg"), 1);
  assert_int_equal(count(elements, "tr"), 2 + 1 + 3);  // heads, output, layers
  assert_int_equal(count(elements, "li"), 1);          // sample
}

void test_page_of_nothing(void**) {
  const std::string html = report_html({});
  (void)elements_of(html);
  expect_contains(html, {"Unnamed network"});
}

void test_page_loads_nothing(void**) {
  const std::string html = report_html(example());
  for (const char* outside :
       {"http:", "https:", "//", " src=", "url(", "@import", "<link", "<iframe", "<img", "href"}) {
    if (contains(html, outside)) fail_msg("'%s' is in the page", outside);
  }
  expect_contains(html, {"Content-Security-Policy", "default-src 'none'", "charset=\"utf-8\"", "prefers-color-scheme",
                         "@media print"});
}

// The same text in every place where a name may stand.
Report full_of(const std::string& name) {
  Report report = example();
  report.command = report.model = report.isa = name;
  report.outputs[0].name = report.worst_samples[0].name = name;
  for (LayerError& each : report.layers) {
    each.name = each.op = each.method = name;
    each.cause = {name, name, "", 20};  // keys in advice are elements of their own
    each.values = {-1, 1, {1, 2}};
    each.float_ms = 1;
  }
  report.warnings = std::vector<std::string>(9, name);
  return report;
}

void test_names_cannot_break_the_page(void**) {
  const auto expected = elements_of(report_html(full_of("harmless")));
  for (const std::string& name :
       {std::string("</script><script>alert(1)</script>"), std::string("\"><img src=x onerror=alert(1)>"),
        std::string("' onmouseover='alert(1)"), std::string("</title></svg><b>"), std::string("<!--"),
        std::string("&lt;b&gt;"), std::string("]]>"), std::string("a\0b\x1b[2J\r\n", 9),
        std::string("\xff\xfe \xc3( \xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x80\xaf \xf0\x9f\x98"), std::string(5000, '<'),
        std::string("\xe2\x80\xae gnp.exe")}) {
    Report advised = full_of(name);
    advised.layers[0].cause.advice = name;
    const std::string advice = report_html(advised);
    (void)elements_of(advice);
    assert_false(contains(advice, "<img") || contains(advice, "<script>alert") || contains(advice, "' onmouse"));
    const std::string html = report_html(full_of(name));
    assert_true(is_utf8(html));
    assert_true(elements_of(html) == expected);
    assert_false(contains(html, "<img") || contains(html, "<script>alert") || contains(html, "' onmouse"));
    for (const char c : html) assert_true(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  }
}

void test_escaped_text_fits_content_and_attributes(void**) {
  assert_string_equal(html::escaped("<a b=\"c\" d='e'>&amp;").c_str(),
                      "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
  assert_string_equal(html::escaped(std::string(300, 'x'), 3).c_str(), "xxx...");
  assert_string_equal(html::name("n").c_str(), "<bdi>n</bdi>");
}

void test_long_lists_are_cut(void**) {
  Report report = example();
  report.warnings = std::vector<std::string>(100000, "skipped: something");
  const std::string html = report_html(report);
  (void)elements_of(html);
  expect_contains(html, {"99995 more", "99500 more"});
  assert_true(html.size() < 200000);
  report.layers.clear();
  for (int i = 0; i < 3000; ++i) report.layers.push_back(layer("layer " + std::to_string(i), i % 50));
  assert_int_equal(count(elements_of(report_html(report)), "rect"), 3000);
}

void test_numbers_for_people(void**) {
  using namespace html;
  const auto expect = [](const std::string& text, const char* expected) {
    assert_string_equal(plain(text).c_str(), expected);
  };
  expect(fixed(-0.001, 2), "0.00");
  expect(fixed(-1.5, 1), "−1.5");
  expect(fixed(std::nan(""), 1), "–");
  expect(fixed(std::numeric_limits<double>::max(), 0).substr(0, 3), "179");
  expect(short_number(0), "0");
  expect(short_number(12345.6), "12346");
  expect(short_number(-0.02566), "−0.0257");
  expect(short_number(1.5e-7), "1.5e-07");
  expect(short_number(std::nan("")), "–");
  expect(short_number(-std::numeric_limits<double>::infinity()), "–");
  expect(percent(0), "0 %");
  expect(percent(1), "100 %");
  expect(percent(0.0004), "&lt; 0.1 %");
  expect(percent(0.9999), "&gt; 99.9 %");
  expect(percent(0.5), "50.0 %");
  expect(size_text(999), "999 bytes");
  expect(size_text(1), "1 byte");
  expect(size_text(301120), "301 kB");
  expect(size_text(1095552), "1.10 MB");
  expect(count_text(1234), "1234");
  expect(count_text(98600000), "98.6 M");
  expect(count_text(1030000000), "1.03 G");
  expect(sqnr_text(200), "exact");
  expect(sqnr_text(-200), "−200.0 dB");
  expect(sqnr_text(std::nan("")), "–");
}

void test_locale_does_not_matter(void**) {
  const Report report = example();
  const std::string html = report_html(report);
  const std::string json = report_json(report);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C"}) {  // those that are installed
    if (std::setlocale(LC_ALL, name) == nullptr) continue;
    assert_string_equal(report_html(report).c_str(), html.c_str());
    assert_string_equal(report_json(report).c_str(), json.c_str());
  }
}

const JsonValue& member(const JsonValue& object, const std::string& key) {
  for (const JsonMember& each : object.members) {
    if (each.key == key) return each.value;
  }
  fail_msg("there is no '%s'", key.c_str());
  return object;
}

void test_json_holds_the_same(void**) {
  const auto parsed = parse_json(report_json(example()));
  expect_ok(parsed.status());
  const JsonValue& json = parsed.value();
  assert_string_equal(member(json, "command").text.c_str(), "quantize");
  assert_true(member(json, "int8_mac_share").number == 0.75);
  assert_true(member(json, "held_out").boolean);
  assert_true(member(json, "calibration_samples").number == 80);
  assert_int_equal(member(json, "layers").items.size(), 3);
  const JsonValue& first = member(json, "layers").items[0];  // in the order of execution
  assert_string_equal(member(first, "name").text.c_str(), "first");
  assert_true(member(first, "sqnr_db").number == 30 && member(first, "clipped_share").number == 0.025);
  assert_true(member(first, "low").number == -1.5 && member(first, "high").number == 2.5);
  assert_true(member(member(json, "outputs").items[0], "least_cosine").number == 0.9991);
  assert_string_equal(member(member(json, "worst_samples").items[0], "name").text.c_str(), "dark.jpg");
  assert_true(member(json, "warnings").items.empty());
  assert_false(member(json, "poor").boolean);
}

void test_json_holds_the_details(void**) {
  const auto parsed = parse_json(report_json(detailed()));
  expect_ok(parsed.status());
  const JsonValue& json = parsed.value();
  const JsonValue& first = member(json, "layers").items[0];
  assert_string_equal(member(first, "cause").text.c_str(), "rare_large_values");
  assert_true(contains(member(first, "advice").text, "skip_quant_op_names"));
  assert_true(member(first, "own_sqnr_db").number == 22.5 && member(first, "float_ms").number == 0.5);
  assert_true(member(first, "float_low").number == -3 && member(first, "histogram").items.at(3).number == 900);
  const JsonValue& boxes = member(json, "detections");
  assert_string_equal(member(boxes, "boxes").text.c_str(), "raw");
  assert_true(member(boxes, "matched").number == 3 && member(boxes, "least_iou").number == 0.75);
  const JsonValue& sample = member(json, "worst_samples").items[0];
  assert_false(member(sample, "same_answer").boolean);
  assert_int_equal(member(sample, "float_boxes").items.size(), 2);
  assert_true(member(member(sample, "int8_boxes").items[0], "matched").boolean);
  assert_true(member(json, "float_run_ms").number == 2 && member(json, "int8_run_ms").number == 0.5);
}

void test_json_of_any_names(void**) {
  for (const std::string& name : {std::string("\"},{\"a\":1"), std::string("\xff\xc3"), std::string("a\0\n\x1b", 4)}) {
    const std::string json = report_json(full_of(name));
    assert_true(is_utf8(json));
    expect_ok(parse_json(json).status());
  }
}

void test_json_of_numbers_that_are_none(void**) {
  Report report = example();
  report.outputs[0].error.cosine = std::nan("");
  expect_ok(parse_json(report_json(report)).status());
  expect_contains(report_json(report), {"\"cosine\": null"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_page_tells_what_was_found),
      cmocka_unit_test(test_page_says_what_is_missing),
      cmocka_unit_test(test_page_of_a_comparison),
      cmocka_unit_test(test_layers_stand_worst_first),
      cmocka_unit_test(test_order_of_layers),
      cmocka_unit_test(test_picture_has_a_bar_for_each_layer_in_order),
      cmocka_unit_test(test_height_of_a_bar_is_its_number),
      cmocka_unit_test(test_picture_of_strange_numbers),
      cmocka_unit_test(test_page_is_well_formed),
      cmocka_unit_test(test_scaled_layers_are_marked),
      cmocka_unit_test(test_page_tells_why_and_what_to_change),
      cmocka_unit_test(test_page_shows_samples_and_boxes),
      cmocka_unit_test(test_histogram_shows_what_is_clipped),
      cmocka_unit_test(test_base64),
      cmocka_unit_test(test_json_holds_the_details),
      cmocka_unit_test(test_page_of_nothing),
      cmocka_unit_test(test_page_loads_nothing),
      cmocka_unit_test(test_names_cannot_break_the_page),
      cmocka_unit_test(test_escaped_text_fits_content_and_attributes),
      cmocka_unit_test(test_long_lists_are_cut),
      cmocka_unit_test(test_numbers_for_people),
      cmocka_unit_test(test_locale_does_not_matter),
      cmocka_unit_test(test_json_holds_the_same),
      cmocka_unit_test(test_json_of_any_names),
      cmocka_unit_test(test_json_of_numbers_that_are_none),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
