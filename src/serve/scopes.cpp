#include "serve/scopes.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/text.hpp"
#include "input/process.hpp"

namespace tally::serve {

namespace {

using finding::Mode;
using Place = std::pair<std::string, std::string>;  // policy, namespace

constexpr std::string_view kDefault = "pod-security";

std::string joined(const std::vector<std::string>& parts, std::string_view otherwise) {
  std::string out;
  for (const std::string& part : parts) {
    out += (out.empty() ? "" : ",") + part;
  }
  return out.empty() ? std::string(otherwise) : out;
}

// A scope is known by its name: that is what stays when its lists change.
std::map<Place, Mode> modes_of(const input::Enforcement& enforcement) {
  std::map<Place, Mode> modes;
  modes[{std::string(kDefault), ""}] = enforcement.mode;
  if (enforcement.new_namespaces) {
    modes[{std::string(kDefault), "(new namespaces)"}] = enforcement.new_namespaces->mode;
  }
  for (const input::EnforcementScope& scope : enforcement.scopes) {
    const std::string where = joined(scope.namespaces, scope.selector ? "(selected)" : "");
    modes[{joined(scope.policies, kDefault),
           where.empty() ? scope.name : fmt::format("{}: {}", scope.name, where)}] = scope.mode;
  }
  return modes;
}

}  // namespace

std::vector<history::ScopeChange> scope_changes(const input::Enforcement& before,
                                                const input::Enforcement& after) {
  const auto old_modes = modes_of(before);
  const auto new_modes = modes_of(after);
  std::vector<history::ScopeChange> changes;
  const auto add = [&changes](const Place& place, std::optional<Mode> from,
                              std::optional<Mode> to) {
    history::ScopeChange change;
    change.policy = place.first;
    change.name_space = place.second;
    change.from = from;
    change.to = to;
    changes.push_back(std::move(change));
  };
  for (const auto& [place, mode] : new_modes) {
    const auto old = old_modes.find(place);
    if (old == old_modes.end()) {
      add(place, std::nullopt, mode);
    } else if (old->second != mode) {
      add(place, old->second, mode);
    }
  }
  for (const auto& [place, mode] : old_modes) {
    if (!new_modes.contains(place)) {
      add(place, mode, std::nullopt);
    }
  }
  return changes;
}

input::Enforcement enforcement_of(const std::vector<history::ScopeChange>& known) {
  input::Enforcement out;
  std::map<Place, std::optional<Mode>> modes;
  for (const history::ScopeChange& change : known) {
    modes[{change.policy, change.name_space}] = change.to;
  }
  for (const auto& [place, mode] : modes) {
    if (!mode) {
      continue;
    }
    if (place.second.empty() && place.first == kDefault) {
      out.mode = *mode;
    } else if (place.second == "(new namespaces)") {
      out.new_namespaces = input::Enforcement::NewNamespaces{.since = 0, .mode = *mode};
    } else {
      // Name and namespaces as modes_of() puts them together again.
      const std::size_t colon = place.second.find(": ");
      input::EnforcementScope scope;
      scope.name = place.second.substr(0, colon);
      if (colon != std::string::npos) {
        scope.namespaces = {place.second.substr(colon + 2)};
      }
      scope.policies = {place.first};
      scope.mode = *mode;
      out.scopes.push_back(std::move(scope));
    }
  }
  return out;
}

std::string author_of(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  const std::vector<std::string> command{
      "git", "-C", folder, "log", "-1", "--format=%an <%ae>", "--", file.filename().string()};
  const auto output = input::run_process(
      command, {.time = std::chrono::seconds(5), .bytes = std::size_t{64} << 10U});
  if (output && output->status == 0 && !trim(output->out).empty()) {
    return std::string(trim(output->out));
  }
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    return {};
  }
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (::getpwuid_r(facts.st_uid, &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("uid {}", facts.st_uid);
}

}  // namespace tally::serve
