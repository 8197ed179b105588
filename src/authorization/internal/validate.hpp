#pragma once
// What the API server (schema and rules of the CRDs, istio.io/api
// kubernetes/customresourcedefinitions) and istiod's webhook (pkg/config/validation/validation.go)
// say about an object.

#include <vector>

#include "authorization/problem.hpp"
#include "kube/object.hpp"

namespace tally::authorization {

// Appends problems; false: the API server refuses the object.
bool validate_authorization_policy(const kube::Object& object, std::vector<Problem>& problems);
bool validate_peer_authentication(const kube::Object& object, std::vector<Problem>& problems);
bool validate_request_authentication(const kube::Object& object, std::vector<Problem>& problems);

}  // namespace tally::authorization
