#pragma once
// URLs as net/url of Go 1.26 reads and writes them (RFC 3986 with the leniency of that library).

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace tally::scalar {

class Url {
 public:
  // url.Parse: what stands behind `#` is the fragment.
  [[nodiscard]] static Result<Url> parse(std::string_view text);
  // url.ParseRequestURI: absolute, or an absolute path; no fragment is looked for.
  [[nodiscard]] static Result<Url> parse_request_uri(std::string_view text);

  [[nodiscard]] const std::string& scheme() const noexcept { return scheme_; }
  // With the port, and the brackets of an IPv6 address.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  [[nodiscard]] std::string_view hostname() const noexcept;
  [[nodiscard]] std::string_view port() const noexcept;
  [[nodiscard]] std::string escaped_path() const;
  // Keys in the order of their first occurrence, with their values. What cannot be decoded is left
  // out, as upstream does.
  [[nodiscard]] std::vector<std::pair<std::string, std::vector<std::string>>> query() const;

  [[nodiscard]] std::string to_string() const;

 private:
  friend class UrlReader;

  struct UserInfo {
    std::string name;
    std::string password;
    bool has_password = false;
  };

  std::string scheme_;
  std::string opaque_;
  std::string host_;
  std::string path_;      // decoded
  std::string raw_path_;  // as written, unless that is the default encoding of path_
  std::string raw_query_;
  std::string fragment_;      // decoded
  std::string raw_fragment_;  // as written, unless that is the default encoding
  UserInfo user_;
  bool has_user_ = false;
  bool force_query_ = false;  // "?" with nothing behind it
  bool omit_host_ = false;    // "scheme:/path"
};

}  // namespace tally::scalar
