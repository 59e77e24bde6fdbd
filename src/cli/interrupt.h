// Ctrl-C: the first one asks the work to stop, so that nothing is left half written; a second one ends the program at
// once.
#pragma once

namespace octet::cli {

// SIGINT and SIGTERM set the flag below, except where they are ignored already (as under nohup).
void install_interrupt_handlers();
bool interrupted();
// Throws the failure "interrupted" where the user asked to stop.
void stop_if_interrupted();

}  // namespace octet::cli
