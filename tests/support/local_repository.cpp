#include "tests/support/local_repository.h"

#include <stdexcept>

#include "results/base/file.h"
#include "results/base/run_command.h"
#include "tests/support/fake_kernel.h"

namespace brokenpipe::test {
namespace fs = std::filesystem;

namespace {

std::string run(const std::vector<std::string>& arguments, const fs::path& directory = {}) {
  CommandResult result = run_command(arguments, {directory, {}, {}});
  if (result.exit_status != 0) {
    throw std::runtime_error(arguments.front() + ": " + result.err);
  }
  return std::move(result.out);
}

fs::path archive_of(const fs::path& root, const std::string& suite) {
  const bool security = suite.ends_with("-security") || suite.ends_with("/updates");
  return root / (security ? "debian-security" : "debian");
}

std::string user(Signer signer) {
  switch (signer) {
    case Signer::debian:
      return "debian@example.org";
    case Signer::stranger:
      return "stranger@example.org";
    case Signer::expired:
      return "expired@example.org";
  }
  throw std::logic_error("no such signer");
}

void write_below(const fs::path& root, const std::string& path, const std::string& content) {
  make_directories((root / path).parent_path());
  write_file(root / path, content);
}

}  // namespace

LocalRepository::LocalRepository() : directory_(fs::temp_directory_path()) {
  make_directories(path() / "debian");
  make_directories(path() / "gnupg");
  fs::permissions(path() / "gnupg", fs::perms::owner_all);
  for (const Signer signer : {Signer::debian, Signer::stranger}) {
    gpg({"--passphrase", "", "--quick-generate-key", user(signer), "ed25519", "sign", "never"});
  }
  gpg({"--passphrase", "", "--faked-system-time", "20200101T000000!", "--quick-generate-key",
       user(Signer::expired), "ed25519", "sign", "1y"});
  gpg({"--output", keyring().string(), "--export", user(Signer::debian), user(Signer::expired)});
}

LocalRepository::~LocalRepository() {
  run_command({"gpgconf", "--homedir", (path() / "gnupg").string(), "--kill", "gpg-agent"});
}

std::string LocalRepository::gpg(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {"gpg", "--homedir", (path() / "gnupg").string(), "--batch",
                                    "--yes"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run(words);
}

fs::path LocalRepository::add_package(const std::string& suite, const std::string& package,
                                      const std::string& version,
                                      const std::map<std::string, std::string>& files) const {
  const TemporaryDirectory tree(path());
  write_below(tree.path(), "DEBIAN/control",
              "Package: " + package + "\nVersion: " + version +
                  "\nArchitecture: amd64\nMaintainer: A Test <test@example.org>\n"
                  "Description: a package of a test\n");
  for (const auto& [file, content] : files) {
    write_below(tree.path(), file, content);
  }
  const fs::path pool = archive_of(path(), suite) / "pool" / suite;
  make_directories(pool);
  fs::permissions(tree.path(), fs::perms(0755));
  fs::path deb = pool / (package + "_" + version + "_amd64.deb");
  run({"dpkg-deb", "--root-owner-group", "-z1", "--build", tree.path().string(), deb.string()});
  return deb;
}

fs::path LocalRepository::add_kernel(const std::string& suite, const std::string& package,
                                     const std::string& version) const {
  const std::string release = package.substr(std::string("linux-image-").size());
  return add_package(suite, package, version,
                     {{"boot/vmlinuz-" + release, fake_bzimage(release)},
                      {"boot/config-" + release, "CONFIG_NET=y\n"},
                      {"lib/modules/" + release + "/kernel/net/ipv4/tcp_diag.ko",
                       fake_module({"depends=\0", 9})}});
}

fs::path LocalRepository::suite_directory(const std::string& suite) const {
  return archive_of(path(), suite) / "dists" / suite;
}

fs::path LocalRepository::write_release(const std::string& suite,
                                        const std::string& more_fields) const {
  const fs::path root = archive_of(path(), suite);
  write_below(suite_directory(suite), "main/binary-amd64/Packages",
              run({"apt-ftparchive", "packages", "pool/" + suite}, root));
  fs::path release = suite_directory(suite) / "Release";
  fs::remove(release);
  const std::string fields =
      run({"apt-ftparchive", "-o", "APT::FTPArchive::Release::Suite=" + suite, "-o",
           "APT::FTPArchive::Release::Codename=" + suite, "release", "dists/" + suite},
          root);
  write_file(release, more_fields + fields);
  return release;
}

void LocalRepository::publish(const std::string& suite, Signer signer) const {
  fs::remove(suite_directory(suite) / "InRelease");
  const fs::path release = write_release(suite, {});
  gpg({"--local-user", user(signer), "--output", (suite_directory(suite) / "InRelease").string(),
       "--clearsign", release.string()});
  fs::remove(release);
}

void LocalRepository::publish_archived(const std::string& suite) const {
  const fs::path release = write_release(suite, "Valid-Until: Sat, 01 Feb 2020 00:00:00 UTC\n");
  gpg({"--local-user", user(Signer::expired), "--faked-system-time", "20200102T000000!", "--output",
       release.string() + ".gpg", "--armor", "--detach-sign", release.string()});
}

}  // namespace brokenpipe::test
