#pragma once
// What a function sees of the evaluation that calls it: the arena, the host, the budget, and a way
// to evaluate an expression reference.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "jmespath/expression.hpp"
#include "jmespath/host.hpp"
#include "jmespath/internal/value.hpp"

namespace tally::jmespath {

enum class [[nodiscard]] Outcome : std::uint8_t {
  Ok,
  NotFound,  // the value is null; the call holds the name of the key
  Failed,    // the call holds the error
};

class Call {
 public:
  Call(Dialect dialect, const Limits& limits, Arena& arena, const Host* host)
      : arena_(arena), host_(host), limits_(limits), dialect_(dialect) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  // Evaluates a reference with `value` as the current node.
  virtual Outcome evaluate(const Node& reference, const Node& value, Node& out) = 0;

  [[nodiscard]] Arena& arena() noexcept { return arena_; }
  [[nodiscard]] const Host* host() const noexcept { return host_; }
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }
  [[nodiscard]] bool is_kyverno() const noexcept { return dialect_ == Dialect::Kyverno; }

  [[nodiscard]] bool is_kyverno_json() const noexcept { return dialect_ == Dialect::KyvernoJson; }

  // The first error counts. Always false, for `return call.fail(...)`.
  bool fail(std::string message);
  bool fail_limit(std::string_view what);
  // "JMESPath function 'name': message" (pkg/engine/jmespath/error.go of Kyverno).
  bool fail_function(std::string_view function, std::string_view message);

  // Uses up the budget; false when there is none left.
  [[nodiscard]] bool charge_steps(std::uint64_t steps);
  [[nodiscard]] bool charge_bytes(std::uint64_t bytes);

  // New values, paid for.
  bool give_text(std::string_view text, Node& out);      // copied
  bool give_own_text(std::string_view text, Node& out);  // in the arena already, or a part of an
                                                         // argument
  bool give_number(double value, Node& out);
  bool give_bool(bool value, Node& out);
  bool give_list(std::span<const Node> items, Node& out);
  bool give_texts(std::span<const std::string_view> texts, Node& out);  // parts of arguments
  bool give_object(std::span<const Node> values, std::span<const std::string_view> keys, Node& out);

  // Back to no error; false when a limit was hit, which nothing forgives.
  bool forget_failure();

  [[nodiscard]] bool has_failed() const noexcept { return failed_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] bool is_limit() const noexcept { return is_limit_; }
  [[nodiscard]] bool has_odd_number() const noexcept { return has_odd_number_; }

 private:
  Arena& arena_;
  const Host* host_;
  const Limits& limits_;
  Dialect dialect_;
  bool failed_ = false;
  bool is_limit_ = false;
  bool has_odd_number_ = false;  // NaN or an infinity was made, which must not get out
  std::uint64_t steps_ = 0;
  std::uint64_t bytes_ = 0;
  std::string message_;
};

struct Function;

// resolveArgs and typeCheck of functions.go, then the function itself.
[[nodiscard]] bool call_function(Call& call, const Function& function,
                                 std::span<const Node> arguments, Node& out);

// The error of a result that cannot leave: NaN, an infinity. Nothing if there is none.
[[nodiscard]] std::string unsupported_number(const Node& node);

}  // namespace tally::jmespath
