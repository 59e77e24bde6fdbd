#include "cli/arguments.h"

#include <algorithm>

#include "cli/failure.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr std::size_t kHelpColumn = 30;

std::string first_line(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

}  // namespace

Arguments::Arguments(const std::string& name, const std::string& summary, const std::string& manual)
    : CLI::App(summary, "octet " + name), name_of_command_("octet " + name) {
  get_formatter()->column_width(kHelpColumn);
  set_help_flag("-h,--help", "print this and exit");
  footer(manual);
  allow_extras();
}

void Arguments::read(const std::vector<std::string>& words) {
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // the order that CLI11 takes
    parse(reversed);
  } catch (const CLI::CallForHelp&) {
    throw HelpAsked{help()};
  } catch (const CLI::ParseError& error) {
    throw Failure(Q_E_ARGUMENT, first_line(error.what()) + "; see '" + name_of_command_ + " --help'");
  }
  const std::vector<std::string> left = remaining();
  if (left.empty()) return;
  const std::string& word = left.front();
  if (!word.starts_with("-")) {
    throw Failure(Q_E_ARGUMENT, "unexpected argument '" + word + "'; see '" + name_of_command_ + " --help'");
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const std::string option = word.substr(0, word.find('='));
  const std::string nearest = nearest_word(option, known);
  throw Failure(Q_E_ARGUMENT, "unknown option '" + option + "'" +
                                  (nearest.empty() ? "" : "; did you mean '" + nearest + "'?") + " See '" +
                                  name_of_command_ + " --help'");
}

CLI::Option* Arguments::add_threads(int& threads, const std::string& default_text) {
  return add_option("--threads", threads, "threads to use, at most 256; " + default_text)
      ->check(CLI::Range(1, 256).description(""))
      ->type_name("N");
}

CLI::Option* Arguments::add_isa(std::string& isa) {
  return add_option("--isa", isa,
                    "highest instruction set to use: ref, ...; not given: the\n"
                    "environment's OCTET_ISA, else the best of this machine")
      ->type_name("NAME");
}

CLI::Option* Arguments::add_shapes(std::vector<std::string>& shapes) {
  return add_option("--shape", shapes,
                    "sizes of an input, as 1x3x224x224, ? for one of the model's;\n"
                    "once for each input, in the model's order")
      ->type_name("SIZES")
      ->allow_extra_args(false);
}

void Arguments::add_fix_sizes(bool& fix_sizes) {
  add_flag("--fix-sizes", fix_sizes,
           "write sizes that the model leaves open as they are now:\n"
           "given by --shape, else 1");
}

void Arguments::add_json() {
  add_flag_callback(
      "--json", [] {}, "print one JSON object on stdout; everything else goes to stderr");
}

}  // namespace octet::cli
