#pragma once
// What a server refuses, as a Refusal: from an answer, or from the Status that a watch holds.

#include <string_view>

#include "document/node.hpp"
#include "kube_client/api_client.hpp"
#include "net/message.hpp"

namespace tally::kube_client {

// `what`: "GET /api/v1/pods". `status`: a Status object, or null.
[[nodiscard]] Refusal refusal_of(std::string_view what, unsigned code,
                                 const document::Node* status);
[[nodiscard]] Refusal refusal_of(std::string_view what, const net::Response& response);

}  // namespace tally::kube_client
