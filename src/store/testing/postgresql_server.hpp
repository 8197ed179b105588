#pragma once
// A PostgreSQL server for tests: Debian's, in a temporary folder, on a Unix socket only. It ends
// with the program, however that ends.

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>

#include "store/testing/temporary_folder.hpp"

namespace tally::store::testing {

class PostgreSqlServer {
 public:
  // One for the program, started by the first call; null where the package postgresql is absent
  // or nobody may run it, and `why()` says so.
  static PostgreSqlServer* get();
  static const std::string& why();

  // The URL of a new, empty database.
  [[nodiscard]] std::string new_database();
  [[nodiscard]] std::string url(const std::string& database) const;
  // The folder of its socket.
  [[nodiscard]] const std::string& folder() const noexcept { return folder_.path(); }

  PostgreSqlServer() = default;
  ~PostgreSqlServer();
  PostgreSqlServer(const PostgreSqlServer&) = delete;
  PostgreSqlServer& operator=(const PostgreSqlServer&) = delete;

 private:
  [[nodiscard]] std::string start();

  TemporaryFolder folder_;
  pid_t server_ = -1;
  std::jthread log_reader_;
  int databases_ = 0;
};

}  // namespace tally::store::testing
