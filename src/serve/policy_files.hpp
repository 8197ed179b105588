#pragma once
// The operator's own policies: files and folders, read again when they change. A ConfigMap that is
// mounted changes by a link that turns to another folder; what counts is what the paths lead to.
//
// Threads: one at a time.

#include <string>
#include <vector>

#include "admission/programs.hpp"
#include "base/result.hpp"

namespace tally::serve {

class PolicyFiles {
 public:
  explicit PolicyFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // Whether anything below the paths is another than at the last read(): names, sizes, times.
  [[nodiscard]] bool has_changed() const;

  // Takes what is there now as known, without reading it.
  void read_signature();

  struct Read {
    std::vector<admission::PolicyText> texts;
    std::vector<Error> errors;  // of files that cannot be read; the others are read
  };
  [[nodiscard]] Read read();

 private:
  std::vector<std::string> paths_;
  std::string signature_;
};

// Adds to `read` what `before` held of files that cannot be read now: a broken file displaces
// nothing. How many were added.
std::size_t keep_unread(PolicyFiles::Read& read, const std::vector<admission::PolicyText>& before);

// One object as text for a catalogue.
[[nodiscard]] admission::PolicyText text_of(const kube::Object& object,
                                            admission::PolicyText::Origin origin,
                                            std::string place);

// Puts `text` in the place of the file at once: whoever reads sees the old or the new one.
[[nodiscard]] Result<void> write_whole(const std::string& path, std::string_view text);

}  // namespace tally::serve
