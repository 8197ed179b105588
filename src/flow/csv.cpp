// Flows as comma-separated values (RFC 4180, one record a line).
#include <algorithm>

#include "base/text.hpp"
#include "flow/internal/formats.hpp"

namespace tally::flow {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

Result<std::vector<std::string_view>> split(std::string_view line, Arena& arena) {
  std::vector<std::string_view> fields;
  while (true) {
    if (!line.starts_with('"')) {
      const std::size_t comma = line.find(',');
      fields.push_back(trim(line.substr(0, comma)));
      if (comma == std::string_view::npos) {
        return fields;
      }
      line.remove_prefix(comma + 1);
      continue;
    }
    std::string text;
    std::size_t at = 1;
    while (true) {
      const std::size_t quote = line.find('"', at);
      if (quote == std::string_view::npos) {
        return content_error("a quoted field has no end");
      }
      text.append(line.substr(at, quote - at));
      at = quote + 1;
      if (at >= line.size() || line[at] != '"') {
        break;
      }
      text += '"';
      ++at;
    }
    fields.push_back(arena.copy(text));
    if (at >= line.size()) {
      return fields;
    }
    if (line[at] != ',') {
      return content_error("a quoted field is followed by more than a comma");
    }
    line.remove_prefix(at + 1);
  }
}

std::string_view value_of(std::span<const std::string> columns,
                          const std::vector<std::string_view>& fields, std::string_view name) {
  const auto at = std::ranges::find(columns, name);
  return at == columns.end() ? std::string_view{}
                             : fields[static_cast<std::size_t>(at - columns.begin())];
}

Party read_party(std::string_view text) {
  Party party;
  if (const auto address = scalar::IpAddress::parse(text)) {
    party.address = *address;
    return party;
  }
  if (const auto role = parse_role(text)) {
    party.role = *role;
    return party;
  }
  const std::size_t slash = text.find('/');
  party.role = Role::Pod;
  if (slash == std::string_view::npos) {
    party.workload = text;
    return party;
  }
  party.name_space = text.substr(0, slash);
  party.workload = text.substr(slash + 1);
  party.pod = party.workload;
  return party;
}

}  // namespace

Result<std::vector<std::string>> read_csv_header(std::string_view line) {
  Arena arena;
  TALLY_TRY(const std::vector<std::string_view> fields, split(line, arena));
  std::vector<std::string> columns;
  columns.reserve(fields.size());
  for (const std::string_view field : fields) {
    columns.push_back(lower(field));
  }
  for (const std::string_view needed : {"source", "destination", "protocol", "port"}) {
    if (std::ranges::find(columns, needed) == columns.end()) {
      return content_error("found the line \"" + excerpt(line) +
                           "\", expected JSON, a line of an access log, or the header "
                           "source,destination,protocol,port[,time][,verdict][,count]");
    }
  }
  return columns;
}

Line read_csv(std::span<const std::string> columns, std::string_view line, Arena& arena) {
  TALLY_TRY(const std::vector<std::string_view> fields, split(line, arena));
  if (fields.size() != columns.size()) {
    return content_error("found " + std::to_string(fields.size()) + " fields, expected " +
                         std::to_string(columns.size()));
  }
  Flow flow;
  const std::string_view protocol_text = value_of(columns, fields, "protocol");
  const auto protocol = scalar::parse_protocol(protocol_text);
  if (!protocol) {
    return content_error("found the protocol \"" + excerpt(protocol_text) +
                         "\", expected TCP, UDP, SCTP, ICMP or ICMPv6");
  }
  flow.protocol = *protocol;
  const std::string_view port_text = value_of(columns, fields, "port");
  const auto port = parse_number(port_text, scalar::kPortMax);
  const bool has_ports =
      *protocol != scalar::Protocol::Icmp && *protocol != scalar::Protocol::Icmp6;
  if (!port || (has_ports && *port == 0)) {
    return content_error("found the port \"" + excerpt(port_text) + "\", expected 1 to 65535");
  }
  flow.port = static_cast<std::uint16_t>(*port);
  for (const bool is_source : {true, false}) {
    const std::string_view text = value_of(columns, fields, is_source ? "source" : "destination");
    if (text.empty()) {
      return content_error(is_source ? "the source is empty" : "the destination is empty");
    }
    (is_source ? flow.source : flow.destination) = read_party(text);
  }
  if (const std::string_view time = value_of(columns, fields, "time"); !time.empty()) {
    const auto read = scalar::parse_timestamp(time);
    if (!read) {
      return content_error("found the time \"" + excerpt(time) + "\", expected RFC 3339");
    }
    flow.time = read;
  }
  const std::string verdict = lower(value_of(columns, fields, "verdict"));
  flow.verdict = verdict == "denied" || verdict == "deny" || verdict == "dropped"
                     ? Verdict::Denied
                     : Verdict::Forwarded;
  if (const std::string_view count = value_of(columns, fields, "count"); !count.empty()) {
    const auto read = parse_number(count, std::uint64_t{1} << 40U);
    if (!read || *read == 0) {
      return content_error("found the count \"" + excerpt(count) + "\", expected a number above 0");
    }
    flow.count = *read;
  }
  return std::optional<Flow>(std::move(flow));
}

}  // namespace tally::flow
