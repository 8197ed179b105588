#pragma once
// What a dialect has to be able to do: the one virtual interface between Database and the two
// libraries.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/database.hpp"

namespace tally::store {

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  [[nodiscard]] virtual Dialect dialect() const noexcept = 0;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  // Rows changed. `each` may be empty: rows are passed over.
  [[nodiscard]] virtual Result<std::uint64_t> run(const std::string& sql,
                                                  std::span<const Value> values,
                                                  const EachRow& each) = 0;
  [[nodiscard]] virtual Result<void> run_script(const std::string& sql) = 0;
  // Begins a transaction that may write: it waits for other writers here, not later.
  [[nodiscard]] virtual Result<void> begin() = 0;
  [[nodiscard]] virtual Result<void> commit() = 0;
  [[nodiscard]] virtual bool is_in_transaction() const noexcept = 0;
  virtual void roll_back() noexcept = 0;
  // The connection of the last error is gone, and nothing that was not committed has happened.
  [[nodiscard]] virtual bool is_lost() const noexcept = 0;
  // A new connection in place of the lost one.
  [[nodiscard]] virtual Result<void> reconnect() = 0;
};

[[nodiscard]] Result<std::unique_ptr<Connection>> open_sqlite(std::string path,
                                                              const OpenOptions& options);
[[nodiscard]] Result<std::unique_ptr<Connection>> open_postgresql(std::string url,
                                                                  const OpenOptions& options);

}  // namespace tally::store
