// The command line of one command, over CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace octet::cli {

// Thrown for --help: `text` goes to stdout and the command is done.
struct HelpAsked {
  std::string text;
};

// A parser for `octet <name>`: `summary` stands above the generated list of options, `manual` below.
class Arguments : public CLI::App {
 public:
  Arguments(const std::string& name, const std::string& summary, const std::string& manual);

  // Fills the variables that the options were bound to. Failure (usage) for what is wrong, naming the nearest option.
  void read(const std::vector<std::string>& words);

  CLI::Option* add_threads(int& threads, const std::string& default_text);
  CLI::Option* add_isa(std::string& isa);
  // Once for each input, as load_network takes them.
  // With --shape, of commands that write a model.
  void add_fix_sizes(bool& fix_sizes);
  CLI::Option* add_shapes(std::vector<std::string>& shapes);
  // The flag itself was noticed before the command was read: a wrong command line, too, is answered as it asks.
  void add_json();

 private:
  std::string name_of_command_;
};

}  // namespace octet::cli
