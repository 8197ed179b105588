#pragma once
// A step of a schema, from one version to the next.

#include <cstdint>

#include "store/sql.hpp"

namespace tally::store {

struct Migration {
  std::int64_t version = 0;  // from 1, without gaps
  Sql sql = "";              // for both dialects
  Sql sqlite = "";           // behind it, for one of them only
  Sql postgresql = "";
};

}  // namespace tally::store
