#pragma once
// The world, as far as a caller lets an expression see it. The evaluator itself reads no clock, no
// file and no network: functions of the libraries `authorizer`, `resource`, `http`,
// `globalContext`, `imageData`, `time`, `random` ask the Host, and answer an error value
// (NotProvided) that names what is missing when there is none. Arguments and answers are Values;
// answers live in `arena`.
//
// Threads: one Host may be asked from several threads at once; implementations lock if they must.

#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// What is asked, one name per capability: "authorizer", "resource", "http", "globalContext",
// "imageData", "imageVerify", "generator", "now", "random".
class Host {
 public:
  // `function` is the name of the CEL function, e.g. capability "resource", function "get". `args`
  // are the arguments as written, without the receiver. Returns an Error value when the answer is
  // "cannot".
  [[nodiscard]] virtual Value ask(Arena& arena, std::string_view capability,
                                  std::string_view function, std::span<const Value> args) const = 0;

 protected:
  ~Host() = default;
};

// The error value of a missing capability: "resource.get: no provider ...".
[[nodiscard]] Value not_provided(Arena& arena, std::string_view capability,
                                 std::string_view function);

}  // namespace tally::cel
