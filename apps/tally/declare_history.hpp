#pragma once
// `tally finding` and `tally decision` in the tree of verbs.

#include "command_line.hpp"

namespace CLI {
class App;
}

namespace tally::app {

// Each adds its verb with the verbs below it; the flags that are given go to `flags`, which must
// outlive `app`.
CLI::App* declare_finding(CLI::App& app, HistoryFlags& flags);
CLI::App* declare_decision(CLI::App& app, HistoryFlags& flags);

}  // namespace tally::app
