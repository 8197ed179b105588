#include "cel/functions/all.hpp"

#include <array>

namespace tally::cel {

std::span<const std::span<const Function>> all_functions() noexcept {
  static const std::array kFamilies{
      standard_logic_functions(),
      standard_arithmetic_functions(),
      standard_conversion_functions(),
      standard_text_functions(),
      standard_time_functions(),
      optional_functions(),
      string_functions(),
      math_functions(),
      encoder_functions(),
      list_functions(),
      set_functions(),
      comprehension_functions(),
      regex_functions(),
      network_functions(),
      network_mask_functions(),
      kubernetes_list_functions(),
      kubernetes_regex_functions(),
      kubernetes_quantity_functions(),
      kubernetes_network_functions(),
      kubernetes_semver_functions(),
      kubernetes_url_functions(),
      kubernetes_format_functions(),
      kubernetes_authorizer_functions(),
      kubernetes_json_patch_functions(),
      kyverno_context_functions(),
      kyverno_image_functions(),
      kyverno_image_verify_functions(),
      kyverno_document_functions(),
      kyverno_hash_functions(),
      kyverno_time_functions(),
      kyverno_object_functions(),
      kyverno_x509_functions(),
      kyverno_envoy_functions(),
      kyverno_jwt_functions(),
      kyverno_gzip_functions(),
  };
  return kFamilies;
}

}  // namespace tally::cel
