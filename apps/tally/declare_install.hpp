#pragma once
// `tally install` in the tree of verbs.

#include "command_line.hpp"

namespace CLI {
class App;
}

namespace tally::app {

// Adds the verb; the flags that are given go to `flags`, which must outlive `app`.
CLI::App* declare_install(CLI::App& app, InstallFlags& flags);

}  // namespace tally::app
