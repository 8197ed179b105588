#pragma once
// The manifests that `tally install --dry-run` prints (deploy/install/), embedded at build time,
// with
// @NAMESPACE@, @IMAGE@ and @REPLICAS@ where the user chooses, and in those that come with a
// store @STORE@ and @STORE_PORT@.

#include <string_view>

namespace tally::app {

extern const std::string_view kInstallManifests;
extern const std::string_view kInstallStoreManifests;

}  // namespace tally::app
