// The list of checks. A check that is not here is not evaluated; the order is that of all_checks().
// A new check is its file, its test and one line here.
#include <array>

#include "pod_security/internal/check.hpp"

#define TALLY_POD_CHECKS(CHECK)      \
  CHECK(kAllowPrivilegeEscalation)   \
  CHECK(kAppArmorProfile)            \
  CHECK(kCapabilitiesBaseline)       \
  CHECK(kCapabilitiesRestricted)     \
  CHECK(kHostNamespaces)             \
  CHECK(kHostPathVolumes)            \
  CHECK(kHostPorts)                  \
  CHECK(kHostProbesAndHostLifecycle) \
  CHECK(kPrivileged)                 \
  CHECK(kProcMountBaseline)          \
  CHECK(kProcMountRestricted)        \
  CHECK(kRestrictedVolumes)          \
  CHECK(kRunAsNonRoot)               \
  CHECK(kRunAsUser)                  \
  CHECK(kSeLinuxOptions)             \
  CHECK(kSeccompProfileBaseline)     \
  CHECK(kSeccompProfileRestricted)   \
  CHECK(kSysctls)                    \
  CHECK(kWindowsHostProcess)

namespace tally::pod_security {

#define TALLY_DECLARE(check) extern const PodCheck check;
TALLY_POD_CHECKS(TALLY_DECLARE)

namespace {
#define TALLY_ADDRESS(check) &check,
constexpr std::array kAll = {TALLY_POD_CHECKS(TALLY_ADDRESS)};
}  // namespace

std::span<const PodCheck* const> pod_checks() { return kAll; }

}  // namespace tally::pod_security
