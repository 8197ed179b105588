#pragma once
// `tally network` in the tree of verbs.

#include "command_line.hpp"

namespace CLI {
class App;
}

namespace tally::app {

// Adds the verb with its own verbs; the flags that are given go to `flags`, which must outlive
// `app`.
CLI::App* declare_network(CLI::App& app, NetworkFlags& flags);

}  // namespace tally::app
