#include "images/apt_output.h"

#include <fmt/format.h>

#include <regex>
#include <set>
#include <sstream>
#include <string_view>

namespace brokenpipe {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  const std::size_t end = text.find_last_not_of(' ');
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// What is longer is no line of apt's that we know. libstdc++ matches a regular expression by
/// recursion, a level a character: a stack of 8 MiB ends before 100 000.
constexpr std::size_t longest_line = 8192;

bool is_like(const std::string& line, const std::regex& format, std::smatch& match) {
  return line.size() <= longest_line && std::regex_match(line, match, format);
}

/// What went wrong with one file: apt's "Err:" line, and the first line below it.
struct Failure {
  std::string file;  ///< `URI SUITE Release`
  std::string why;
};

std::vector<Failure> failures_in(const std::string& out) {
  static const std::regex failure("Err:[0-9]+ (.*)");
  std::vector<Failure> failures;
  for (const std::string& line : lines_of(out)) {
    std::smatch match;
    if (is_like(line, failure, match)) {
      failures.push_back({match[1], {}});
    } else if (!failures.empty() && failures.back().why.empty()) {
      failures.back().why = trimmed(line);
    }
  }
  return failures;
}

/// Whether the mirror answered, and said that it does not hold a suite.
bool is_absent(const Failure& failure) {
  return failure.file.ends_with(" Release") &&
         (contains(failure.why, "404") || contains(failure.why, "File not found"));
}

/// In the names of files apt writes what divides them as %xx: `1%3a6.1` (apt-pkg/acquire-item.cc:
/// pkgAcqArchive, QuoteString).
std::string unquoted(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Lines of --print-uris: 'URI' NAME_VERSION_ARCHITECTURE.deb SIZE SHA256:HASH
AptDownload download_in(const std::string& line) {
  static const std::regex format(
      "'([^']*)' (([^ /_%]+)_((?:[^ /_%]|%[0-9a-f]{2})+)_[^ /_]+) [0-9]+ SHA256:([0-9a-f]{64}) *");
  std::smatch match;
  if (!is_like(line, format, match)) {
    throw Error("asking apt where a package is", fmt::format("it says \"{}\"", line));
  }
  return {match[1], match[3], unquoted(match[4]), match[2], match[5]};
}

}  // namespace

std::vector<std::string> fields_of(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) {
    fields.push_back(field);
  }
  return fields;
}

std::vector<std::string> lines_of(const std::string& text) {
  return fields_of(text, '\n');
}

std::vector<AptPackage> packages_in(const std::string& out) {
  std::vector<AptPackage> packages;
  // Lines such as: NAME | VERSION | URI SUITE/main amd64 Packages
  for (const std::string& line : lines_of(out)) {
    const std::vector<std::string> fields = fields_of(line, '|');
    const std::vector<std::string> source =
        fields.size() < 3 ? fields : fields_of(trimmed(fields[2]), ' ');
    if (fields.size() < 3 || source.size() < 2) {
      throw Error("asking apt which packages there are", fmt::format("it says \"{}\"", line));
    }
    const std::string& component = source[1];
    packages.push_back(
        {trimmed(fields[0]), trimmed(fields[1]), component.substr(0, component.rfind('/'))});
  }
  return packages;
}

std::vector<AptDownload> downloads_in(const std::string& out) {
  std::vector<AptDownload> downloads;
  for (const std::string& line : lines_of(out)) {
    downloads.push_back(download_in(line));
  }
  return downloads;
}

std::string complaints(const CommandResult& update) {
  std::string text;
  const auto add = [&](const std::string& line) { text += (text.empty() ? "" : "\n  ") + line; };
  std::set<std::string> expected;
  for (const Failure& failure : failures_in(update.out)) {
    if (is_absent(failure)) {
      expected.insert(
          fmt::format("E: The repository '{}' does not have a Release file.", failure.file));
    } else {
      add(fmt::format("{}: {}", failure.file, failure.why));
    }
  }
  for (const std::string& line : lines_of(update.err)) {
    if ((line.starts_with("E: ") && !expected.contains(line)) ||
        line.starts_with("W: Failed to fetch") || line.starts_with("W: GPG error") ||
        line.starts_with("W: An error occurred during the signature verification")) {
      add(line);
    }
  }
  return text;
}

Error apt_error(const std::string& doing, const std::string& words) {
  if (contains(words, "GPG error") || contains(words, "is not signed") ||
      contains(words, "signature")) {
    return {doing + ": a signature does not verify", words,
            "The mirror is not Debian's, or the keyring (package debian-archive-keyring) is too "
            "old; --keyring names another one."};
  }
  if (contains(words, "Hash Sum mismatch") || contains(words, "unexpected size")) {
    return {doing + ": what came is not what was signed", words,
            "The mirror is damaged or just being updated: try again, or name another --mirror."};
  }
  if (contains(words, "No space left") || contains(words, "Permission denied") ||
      contains(words, "Read-only file system") || contains(words, "File too large")) {
    return {doing + ": the store cannot be written", words,
            "Make room or give the folder to this user, or name another one by --store."};
  }
  return {doing, words, "Is the network up? --mirror names another mirror."};
}

}  // namespace brokenpipe
