// The `octet` command: finds the command, and turns what it returns or throws into output and exit status.
#include <fcntl.h>
#include <octet/octet.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

struct Command {
  const char* name;
  const char* summary;
  Outcome (*run)(const Call&, Console&);
};
constexpr Command kCommands[] = {
    {"quantize", "make an int8 model of a float one, with about a hundred sample images", quantize_command},
    {"observe", "write what a float model's tensors hold over a part of the samples", observe_command},
    {"bench", "measure how long models take", bench_command},
    {"run", "run a network once, on an image or on arrays", run_command},
    {"compare", "run two models over the same images and measure how far they differ", compare_command},
    {"inspect", "show what a model is made of", inspect_command},
    {"convert", "write a model as a file of another format", convert_command},
};

std::string help_text() {
  std::string text = "octet " + std::string(q_version()) +
                     ": int8 quantization and inference of convolutional networks\n\n"
                     "Usage: octet <command> ...\n\nCommands\n";
  for (const Command& command : kCommands) {
    std::string name = command.name;
    name.resize(10, ' ');
    text += "  " + name + command.summary + "\n";
  }
  return text +
         "\n'octet <command> --help' is the manual of a command; 'octet --version' prints the version.\n"
         "Models are .onnx, .mnn, .tflite or .octet files; the content decides, not the name.\n\n"
         "Exit status: 0 all that was asked for was done, 1 failed, 2 wrong usage or configuration,\n"
         "3 poor quality with --strict, 130 interrupted.\n";
}

// A file that the command opens must not become stdout or stderr by chance. Writing to a stdout that was closed still
// fails.
void occupy_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    const int flags = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", flags) < 0) return;  // the lowest free number, which is this one
  }
}

void write_stdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw Failure(Q_E_IO, "stdout cannot be written: " + system_reason(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void check_library() {
  if (q_abi_version() >> 16 == Q_ABI_VERSION >> 16 && q_abi_version() >= Q_ABI_VERSION) return;
  throw Failure(Q_E_VERSION, "the library liboctet that was found (" + std::string(q_version()) +
                                 ") does not fit this command; install both from one release");
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : kCommands) {
    if (name == command.name) return command;
    names.push_back(command.name);
  }
  const std::string nearest = nearest_word(name, names);
  throw Failure(Q_E_ARGUMENT, "unknown command '" + name + "'" +
                                  (nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?") +
                                  " See 'octet --help'");
}

Outcome dispatch(std::vector<std::string> words, const Call& call, Console& console) {
  check_library();
  if (words.empty()) throw Failure(Q_E_ARGUMENT, "no command; see 'octet --help'");
  if (words[0] == "--version" || words[0] == "-V") return {"octet " + std::string(q_version()) + "\n"};
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    if (words.size() < 2 || words[1].starts_with("-")) return {help_text()};
    find_command(words[1]).run({{"--help"}, false}, console);  // throws the text
  }
  if (words[0].starts_with("-")) {
    throw Failure(Q_E_ARGUMENT, "unknown option '" + words[0] + "': the command comes first; see 'octet --help'");
  }
  return find_command(words[0]).run(call, console);
}

Outcome failed(const Failure& failure, const Call& call, const std::string& command, Console& console) {
  console.error(failure.message());
  if (!call.json) return {{}, failure.exit_status()};
  JsonWriter json;
  begin_answer(json, command, false);
  write_error(json, failure);
  json.end_object();
  return {std::move(json).finish(), failure.exit_status()};
}

Outcome run_caught(const std::vector<std::string>& words, const Call& call, Console& console) {
  const std::string command = words.empty() ? std::string() : words[0];
  try {
    return dispatch(words, call, console);
  } catch (const HelpAsked& help) {
    return {help.text};
  } catch (const Failure& failure) {
    return failed(failure, call, command, console);
  } catch (const std::bad_alloc&) {
    return failed(Failure(Q_E_MEMORY, "out of memory"), call, command, console);
  } catch (const std::exception& error) {
    return failed(Failure(Q_E_INTERNAL, std::string("a defect of octet, please report it: ") + error.what()), call,
                  command, console);
  }
}

int octet_main(int argc, char** argv) {
  occupy_standard_descriptors();
  signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error like any other
  install_interrupt_handlers();
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Call call;
  if (words.size() > 1) call.words.assign(words.begin() + 1, words.end());
  call.json = std::find(call.words.begin(), call.words.end(), "--json") != call.words.end();
  Console console;
  const Outcome outcome = run_caught(words, call, console);
  console.clear_progress();
  try {
    write_stdout(outcome.out);
  } catch (const Failure& failure) {
    console.error(failure.message());
    return outcome.exit_status != kExitDone ? outcome.exit_status : kExitFailed;
  }
  return outcome.exit_status;
}

}  // namespace
}  // namespace octet::cli

int main(int argc, char** argv) { return octet::cli::octet_main(argc, argv); }
