#pragma once

#include <string>
#include <string_view>

/// Versions of Debian's packages, and of the kernels in them. The order is computed here because
/// the libraries that know it (libapt-pkg, libdpkg) are under the GPL; the tests hold it against
/// dpkg.
namespace brokenpipe {

/// Compares two version strings of Debian packages as dpkg does (deb-version(7), "Sorting
/// algorithm"): negative, zero or positive.
int compare_debian_versions(std::string_view left, std::string_view right);

/// The upstream part of a kernel package's version, which is its point release: `6.12.107` of
/// `6.12.107-1~bpo12+1`, `7.3~rc7` of `7.3~rc7-1~exp1`.
std::string point_release_of(std::string_view version);

}  // namespace brokenpipe
