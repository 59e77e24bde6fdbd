#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "cli/failure.h"

namespace octet::cli {
namespace {

volatile sig_atomic_t interrupt_asked = 0;

void on_signal(int) {
  if (interrupt_asked) _exit(kExitInterrupted);
  interrupt_asked = 1;
}

}  // namespace

void install_interrupt_handlers() {
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction previous {};
    if (sigaction(number, nullptr, &previous) == 0 && previous.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

bool interrupted() { return interrupt_asked != 0; }

void stop_if_interrupted() {
  if (interrupted()) throw Failure(Q_E_CANCELLED, "interrupted");
}

}  // namespace octet::cli
