#include "serve/policy_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "base/file_writer.hpp"
#include "document/json_writer.hpp"
#include "input/read_inputs.hpp"

namespace tally::serve {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 100'000;
constexpr std::size_t kFileBytesMax = std::size_t{64} << 20U;

void sign(std::string& out, const fs::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) {
    out += fmt::format("{}:{}:{}:{}.{}\n", path.string(), facts.st_ino, facts.st_size,
                       facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  }
}

std::string signature_of(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths) {
    std::error_code code;
    if (!fs::is_directory(path, code)) {
      sign(out, path);
      continue;
    }
    std::vector<fs::path> found;
    fs::recursive_directory_iterator walk(path, fs::directory_options::skip_permission_denied,
                                          code);
    for (const fs::recursive_directory_iterator end; !code && walk != end; walk.increment(code)) {
      if (found.size() == kFilesMax) {
        break;
      }
      found.push_back(walk->path());
    }
    std::ranges::sort(found);
    for (const fs::path& file : found) {
      sign(out, file);
    }
  }
  return out;
}

}  // namespace

bool PolicyFiles::has_changed() const { return signature_of(paths_) != signature_; }

void PolicyFiles::read_signature() { signature_ = signature_of(paths_); }

admission::PolicyText text_of(const kube::Object& object, admission::PolicyText::Origin origin,
                              std::string place) {
  admission::PolicyText text{.origin = origin,
                             .place = std::move(place),
                             .identity = admission::identity_of(object.ref),
                             .text = {}};
  document::append_json(text.text, object.root);
  return text;
}

PolicyFiles::Read PolicyFiles::read() {
  Read read;
  if (paths_.empty()) {
    return read;
  }
  signature_ = signature_of(paths_);
  input::InputOptions options;
  options.paths = paths_;
  options.file_bytes_max = kFileBytesMax;
  input::Inputs inputs = input::read_inputs(options);
  read.errors = std::move(inputs.errors);
  read.texts.reserve(inputs.objects.size());
  for (const kube::Object& object : inputs.objects) {
    const Position at = object.source->position(object.root.offset());
    read.texts.push_back(text_of(object, admission::PolicyText::Origin::File,
                                 fmt::format("{}:{}", object.source->name(), at.line)));
  }
  return read;
}

std::size_t keep_unread(PolicyFiles::Read& read, const std::vector<admission::PolicyText>& before) {
  // "policies/labels.yaml:3" lies in the file "policies/labels.yaml" and in the folder "policies".
  // An error that names no file may be about any.
  const auto is_unread = [&read](std::string_view place) {
    return std::ranges::any_of(read.errors, [place](const Error& error) {
      return error.file.empty() ||
             (place.starts_with(error.file) && place.size() > error.file.size() &&
              (place[error.file.size()] == ':' || place[error.file.size()] == '/'));
    });
  };
  std::set<std::string_view> there;
  for (const admission::PolicyText& text : read.texts) {
    there.insert(text.identity);
  }
  std::vector<admission::PolicyText> kept;
  std::ranges::copy_if(before, std::back_inserter(kept), [&](const admission::PolicyText& text) {
    return !there.contains(text.identity) && is_unread(text.place);
  });
  const std::size_t count = kept.size();
  std::ranges::move(kept, std::back_inserter(read.texts));
  return count;
}

Result<void> write_whole(const std::string& path, std::string_view text) {
  TALLY_TRY(FileWriter writer, FileWriter::create(path));
  static_cast<void>(writer.write(text));  // commit() says what went wrong
  return writer.commit();
}

}  // namespace tally::serve
