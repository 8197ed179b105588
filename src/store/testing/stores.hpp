#pragma once
// Tests that hold for both dialects: TEST_P of a class that derives from AnyStore, and
// TALLY_BOTH_STORES(Class).

#include <gtest/gtest.h>

#include <string>

#include "store/database.hpp"
#include "store/testing/postgresql_server.hpp"
#include "store/testing/temporary_folder.hpp"

namespace tally::store::testing {

class AnyStore : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == Dialect::Sqlite) {
      url_ = "sqlite:" + folder_.file("store.db");
    } else if (PostgreSqlServer* server = PostgreSqlServer::get(); server != nullptr) {
      url_ = server->new_database();
    } else {
      GTEST_SKIP() << PostgreSqlServer::why();
    }
  }
  // Of an empty database.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

  // NOLINTNEXTLINE(*-non-private-member-*): tests put files there
  TemporaryFolder folder_;

 private:
  std::string url_;
};

inline std::string dialect_name(const ::testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::Sqlite ? "Sqlite" : "PostgreSql";
}

}  // namespace tally::store::testing

#define TALLY_BOTH_STORES(Class)                                                               \
  INSTANTIATE_TEST_SUITE_P(                                                                    \
      Stores, Class,                                                                           \
      ::testing::Values(::tally::store::Dialect::Sqlite, ::tally::store::Dialect::PostgreSql), \
      ::tally::store::testing::dialect_name)
