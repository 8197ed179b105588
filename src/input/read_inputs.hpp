#pragma once
// From the paths of a command line to Kubernetes objects: walk, read, split, parse, sort out.
// Nothing is dropped without a word: what is no object, what is not judged and what cannot be read
// each has its own list, in the order of the input.
//
// Work is spread over threads by chunks of documents, so that one big file is as fast as many small
// ones; the result does not depend on the number of threads. Each worker has an arena of its own;
// Inputs holds all of them.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "finding/assessment.hpp"
#include "input/exceptions.hpp"
#include "input/pasted_text.hpp"
#include "kube/api_kinds.hpp"
#include "kube/object.hpp"

namespace tally::input {

struct Progress {
  std::size_t files_done = 0;
  std::size_t files_total = 0;
  std::uint64_t bytes_done = 0;   // parsed
  std::uint64_t bytes_total = 0;  // known once all files were read
};

struct InputOptions {
  std::vector<std::string> paths;  // files, folders, globs, "-"
  // What was read elsewhere (of an API server), behind the files; each as if it had been named.
  std::vector<std::shared_ptr<const document::Source>> sources;
  document::ReadOptions read;
  std::vector<std::string> exclude;  // globs; Config::exclude
  bool enter_test_folders = false;   // .kyverno-test, .chainsaw-test
  std::string default_namespace = "default";
  std::size_t file_bytes_max = document::kSourceBytesMax;
  unsigned threads = 1;
  std::function<void(const Progress&)> progress;  // on the calling thread; may be empty
};

// A cause for a document that is no proper manifest: a finding to be.
struct PastedText {
  const document::Source* source = nullptr;
  std::uint32_t document = 0;  // ordinal, from 1
  PastedDiagnosis diagnosis;
  bool readable = false;     // the document could be parsed; else it is among the errors as well
  std::int64_t object = -1;  // position in Inputs::objects, if it is one
};

// Movable; views of the objects point into sources, arenas and custom_kinds.
struct Inputs {
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::vector<std::unique_ptr<Arena>> arenas;
  std::unique_ptr<kube::CustomKinds>
      custom_kinds;  // of the CustomResourceDefinitions among the objects

  std::vector<kube::Object>
      objects;  // in the order of the input; kinds that are not judged yet are among them
  std::vector<kube::Object> file_objects;    // files of other tools that look like objects
                                             // (Kustomization, ClusterConfig of eksctl)
  std::vector<kube::Object> review_objects;  // AdmissionReviews: requests, judged as such
  std::vector<finding::InputSource> files;   // that were read
  std::vector<finding::Skipped> skipped;
  std::vector<PastedText> pasted;
  FoundExceptions exceptions;  // that the input carries: listed, not honoured
  std::vector<Error> errors;   // paths that cannot be read, documents that cannot be parsed
  finding::Totals totals;      // without workloads
};

[[nodiscard]] Inputs read_inputs(const InputOptions& options);

}  // namespace tally::input
