#include "store/internal/libpq.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace tally::store {

namespace {

// The name that the library has kept since PostgreSQL 8.3.
constexpr const char* kLibrary = "libpq.so.5";

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<Libpq> load_library() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();  // NOLINT(concurrency-mt-unsafe): under the lock of a static
    return environment_error(
        fmt::format("a store in PostgreSQL needs its client library {} (Debian: libpq5): {}",
                    kLibrary, why == nullptr ? "not found" : why));
  }
  Libpq pq;
  const char* missing = nullptr;
  const auto need = [&](const char* name, auto& function) {
    if (!find(library, name, function)) {
      missing = name;
    }
  };
  need("PQclear", pq.clear);
  need("PQcmdTuples", pq.cmd_tuples);
  need("PQconnectdbParams", pq.connectdb_params);
  need("PQconninfoFree", pq.conninfo_free);
  need("PQconninfoParse", pq.conninfo_parse);
  need("PQerrorMessage", pq.error_message);
  need("PQexec", pq.exec);
  need("PQfinish", pq.finish);
  need("PQfreemem", pq.freemem);
  need("PQgetResult", pq.get_result);
  need("PQgetisnull", pq.getisnull);
  need("PQgetlength", pq.getlength);
  need("PQgetvalue", pq.getvalue);
  need("PQntuples", pq.ntuples);
  need("PQprepare", pq.prepare);
  need("PQresultErrorField", pq.result_error_field);
  need("PQresultStatus", pq.result_status);
  need("PQsendQueryPrepared", pq.send_query_prepared);
  need("PQsetNoticeProcessor", pq.set_notice_processor);
  need("PQsetSingleRowMode", pq.set_single_row_mode);
  need("PQstatus", pq.status);
  need("PQtransactionStatus", pq.transaction_status);
  if (missing != nullptr) {
    return environment_error(fmt::format("{} has no function {}: too old", kLibrary, missing));
  }
  return pq;
}

}  // namespace

Result<const Libpq*> Libpq::load() {
  static const Result<Libpq> loaded = load_library();
  if (!loaded) {
    return std::unexpected(loaded.error());
  }
  return &*loaded;
}

}  // namespace tally::store
