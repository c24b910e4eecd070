#pragma once

#include <string>
#include <vector>

#include "results/base/error.h"
#include "results/base/run_command.h"

/// What apt's programs print, read.
namespace brokenpipe {

/// A package in one version, as the list of one suite has it.
struct AptPackage {
  std::string name;
  std::string version;
  std::string suite;
};

/// Where apt would download a package from, and what must come.
struct AptDownload {
  std::string uri;
  std::string package;
  std::string version;
  std::string file;
  std::string sha256;
};

std::vector<std::string> lines_of(const std::string& text);
std::vector<std::string> fields_of(const std::string& line, char separator);

/// Of `apt-cache madison`.
std::vector<AptPackage> packages_in(const std::string& out);

/// Of `apt-get download --print-uris`. Throws Error where a line is another.
std::vector<AptDownload> downloads_in(const std::string& out);

/// What `apt-get update` complains of, but for suites that the mirror does not hold. Its exit
/// status is 0 where a mirror did not answer, and where a suite is absent its last words are of
/// nothing else: both streams have to be read.
std::string complaints(const CommandResult& update);

/// An error in apt's own words, and what to do about it.
Error apt_error(const std::string& doing, const std::string& words);

}  // namespace brokenpipe
