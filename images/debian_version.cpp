#include "images/debian_version.h"

#include <algorithm>
#include <cstddef>

namespace brokenpipe {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The place of the first character in the order of non-digits: a tilde before the end, the end
/// before letters, letters before all else.
int rank(std::string_view rest) {
  if (rest.empty() || is_digit(rest.front())) {
    return 0;
  }
  if (rest.front() == '~') {
    return -1;
  }
  const int value = static_cast<unsigned char>(rest.front());
  return is_letter(rest.front()) ? value : value + 256;
}

std::string_view take_number(std::string_view& rest) {
  const auto first = std::find_if(rest.begin(), rest.end(), [](char c) { return c != '0'; });
  rest.remove_prefix(static_cast<std::size_t>(first - rest.begin()));
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const std::string_view number = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(number.size());
  return number;
}

int compare_parts(std::string_view left, std::string_view right) {
  while (!left.empty() || !right.empty()) {
    while (rank(left) != 0 || rank(right) != 0) {
      if (rank(left) != rank(right)) {
        return rank(left) - rank(right);
      }
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
    const std::string_view left_number = take_number(left);
    const std::string_view right_number = take_number(right);
    if (left_number.size() != right_number.size()) {
      return left_number.size() < right_number.size() ? -1 : 1;
    }
    if (const int order = left_number.compare(right_number); order != 0) {
      return order;
    }
  }
  return 0;
}

struct Version {
  std::string_view epoch;
  std::string_view upstream;
  std::string_view revision;
};

Version split(std::string_view text) {
  Version version;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    version.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const std::size_t dash = text.rfind('-');
  version.upstream = text.substr(0, dash);
  if (dash != std::string_view::npos) {
    version.revision = text.substr(dash + 1);
  }
  return version;
}

}  // namespace

int compare_debian_versions(std::string_view left, std::string_view right) {
  const Version a = split(left);
  const Version b = split(right);
  if (const int order = compare_parts(a.epoch, b.epoch); order != 0) {
    return order;
  }
  if (const int order = compare_parts(a.upstream, b.upstream); order != 0) {
    return order;
  }
  return compare_parts(a.revision, b.revision);
}

std::string point_release_of(std::string_view version) {
  return std::string(split(version).upstream);
}

}  // namespace brokenpipe
