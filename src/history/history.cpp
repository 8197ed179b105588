#include "history/history.hpp"

#include "history/internal/schema.hpp"
#include "store/database.hpp"

namespace tally::history {

History::History(std::unique_ptr<store::Database> database) noexcept
    : database_(std::move(database)) {}
History::History(History&& other) noexcept = default;
History& History::operator=(History&& other) noexcept = default;
History::~History() = default;

Result<History> History::open(std::string_view url, Access access) {
  TALLY_TRY(auto database, store::Database::open(url, {.is_read_only = access == Access::Read}));
  TALLY_CHECK(database.migrate(kMigrations));
  return History(std::make_unique<store::Database>(std::move(database)));
}

std::string History::name() const { return database_->name(); }

}  // namespace tally::history
