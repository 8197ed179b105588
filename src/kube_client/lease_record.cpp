// Leases as the server writes and takes them (coordination.k8s.io/v1).
#include <fmt/format.h>

#include <algorithm>

#include "base/arena.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube_client/apply.hpp"
#include "kube_client/lease.hpp"
#include "scalar/time_text.hpp"

namespace tally::kube_client {
namespace {

using document::Node;

constexpr std::int64_t kDurationMax = 86'400;
constexpr std::int64_t kTransitionsMax = 2'147'483'646;  // int32, and one more is written

std::unexpected<Error> wrong(std::string_view field) {
  return content_error(fmt::format("the server's lease: {} is not what a Lease has there", field));
}

// Absent and null are empty.
Result<std::string> read_text(const Node& object, std::string_view key) {
  const Node* value = object.find(key);
  if (value == nullptr || value->is_null()) {
    return std::string();
  }
  return value->is_string() ? Result<std::string>(value->text()) : wrong(key);
}

struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

Result<std::int64_t> read_number(const Node& object, std::string_view key, const Range& range) {
  const Node* value = object.find(key);
  if (value == nullptr || value->is_null()) {
    return range.least;
  }
  const auto number = value->integer();
  return number ? Result<std::int64_t>(std::clamp(*number, range.least, range.most)) : wrong(key);
}

std::string spec_of(const LeaseRecord& record) {
  std::string out = R"({"holderIdentity":)";
  if (record.holder.empty()) {
    out += "null";
  } else {
    document::append_json_string(out, record.holder);
  }
  out += fmt::format(R"(,"leaseDurationSeconds":{},"acquireTime":)", record.duration_seconds);
  if (record.acquire_time.empty()) {
    out += "null";
  } else {
    document::append_json_string(out, record.acquire_time);
  }
  out += R"(,"renewTime":)";
  document::append_json_string(out, record.renew_time);
  return out + fmt::format(R"(,"leaseTransitions":{}}})", record.transitions);
}

Answer<LeaseRecord> record_of(Answer<std::string> answer) {
  TALLY_TRY(const std::string json, std::move(answer));
  auto record = read_lease(json);
  if (!record) {
    return std::unexpected(Refusal{.status = 0, .error = std::move(record).error()});
  }
  return std::move(*record);
}

}  // namespace

Result<LeaseRecord> read_lease(std::string_view json) {
  const auto source = document::Source::from_text("lease", json);
  Arena arena;
  TALLY_TRY(const Node lease, document::read_one(*source, arena));
  const Node* metadata = lease.find("metadata");
  if (metadata == nullptr) {
    return wrong("metadata");
  }
  LeaseRecord record;
  TALLY_TRY(record.resource_version, read_text(*metadata, "resourceVersion"));
  if (record.resource_version.empty()) {
    return wrong("metadata.resourceVersion");
  }
  const Node* spec = lease.find("spec");
  if (spec == nullptr || spec->is_null()) {
    record.duration_seconds = 1;
    return record;
  }
  if (!spec->is_object()) {
    return wrong("spec");
  }
  TALLY_TRY(record.holder, read_text(*spec, "holderIdentity"));
  TALLY_TRY(record.acquire_time, read_text(*spec, "acquireTime"));
  TALLY_TRY(record.renew_time, read_text(*spec, "renewTime"));
  TALLY_TRY(record.duration_seconds,
            read_number(*spec, "leaseDurationSeconds", {.least = 1, .most = kDurationMax}));
  TALLY_TRY(record.transitions,
            read_number(*spec, "leaseTransitions", {.least = 0, .most = kTransitionsMax}));
  return record;
}

// meta/v1 RFC3339Micro
std::string micro_time(std::chrono::system_clock::time_point time) {
  using std::chrono::microseconds;
  constexpr std::int64_t kMicros = 1'000'000;
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t micros = std::chrono::floor<microseconds>(time.time_since_epoch()).count();
  const std::int64_t seconds = micros >= 0 ? micros / kMicros : (micros + 1) / kMicros - 1;
  const std::int64_t days = seconds >= 0 ? seconds / kDay : (seconds + 1) / kDay - 1;
  const scalar::CivilDay day = scalar::civil_from_days(days);
  const std::int64_t rest = seconds - days * kDay;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", day.year, day.month, day.day,
                     rest / 3600, rest / 60 % 60, rest % 60, micros - seconds * kMicros);
}

LeaseCalls lease_calls(ApiClient& client, const LeaseOptions& options) {
  const ObjectPlace place{.resource = {.group = "coordination.k8s.io",
                                       .version = "v1",
                                       .plural = "leases",
                                       .kind = "Lease"},
                          .name_space = options.name_space,
                          .name = options.name};
  using std::chrono::milliseconds;
  return {
      .get =
          [&client, place](milliseconds time) {
            return record_of(client.send({.path = place.path(), .time = time}));
          },
      .create =
          [&client, place](const LeaseRecord& record, milliseconds time) {
            ObjectPlace all = place;
            all.name.clear();
            std::string text = R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",)"
                               R"("metadata":{"name":)";
            document::append_json_string(text, place.name);
            text += R"(},"spec":)" + spec_of(record) + "}";
            return record_of(create(client, all, text, {.time = time}));
          },
      .update =
          [&client, place](const LeaseRecord& record, milliseconds time) {
            std::string text = R"({"metadata":{"resourceVersion":)";
            document::append_json_string(text, record.resource_version);
            text += R"(},"spec":)" + spec_of(record) + "}";
            return record_of(merge_patch(client, place, text, {.time = time}));
          },
  };
}

}  // namespace tally::kube_client
