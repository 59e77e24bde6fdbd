// Contestants that take turns, and what their turns took.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace octet::bench {

struct Contestant {
  std::string name;
  std::function<void()> run;
};

// What a contestant took: the shortest run of each round, in milliseconds.
struct Turns {
  std::string name;
  std::vector<double> round_ms;
};

// One round gives every contestant a turn of some runs, at least `turn_ms` long; the first changes from round to round,
// so that no contestant always follows the same other one. What disturbs the machine for longer than a round disturbs
// all of them; what disturbs it for less leaves undisturbed runs.
std::vector<Turns> take_turns(const std::vector<Contestant>& contestants, int rounds, double turn_ms);

double now_ms();

}  // namespace octet::bench
