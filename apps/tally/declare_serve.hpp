#pragma once
// The flags of `tally serve`.

#include "command_line.hpp"

namespace CLI {
class App;
}

namespace tally::app {

[[nodiscard]] CLI::App* declare_serve(CLI::App& app, ServeFlags& flags);

}  // namespace tally::app
