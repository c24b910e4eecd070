#include "images/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <memory>
#include <set>
#include <string_view>

#include "results/base/error.h"
#include "results/base/file.h"

namespace brokenpipe {
namespace {

constexpr std::size_t most_modules = 100;

struct FreeArchive {
  void operator()(archive* handle) const { archive_write_free(handle); }
};

struct FreeEntry {
  void operator()(archive_entry* handle) const { archive_entry_free(handle); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

/// A cpio archive in memory. Entries are numbered as they come, and nothing else of an inode is
/// kept.
class Cpio {
 public:
  Cpio() : writer_(archive_write_new()) {
    archive_write_set_format_cpio_newc(writer_.get());
    archive_write_add_filter_none(writer_.get());
    archive_write_set_bytes_in_last_block(writer_.get(), 1);
    check(archive_write_open(writer_.get(), &bytes_, nullptr, append, nullptr));
  }

  void add_directory(const std::string& path) {
    if (directories_.insert(path).second) add(entry(path, AE_IFDIR, 0755), {});
  }

  /// The kernel makes none of its own accord (init/initramfs.c:do_name).
  void add_directories_above(const std::string& absolute_path) {
    for (std::size_t slash = 0;
         (slash = absolute_path.find('/', slash + 1)) != std::string::npos;) {
      add_directory(absolute_path.substr(1, slash - 1));
    }
  }

  void add_file(const std::string& path, mode_t permissions, std::string_view content) {
    add(entry(path, AE_IFREG, permissions), content);
  }

  void add_character_device(const std::string& path, unsigned major_number, unsigned minor_number) {
    const Entry device = entry(path, AE_IFCHR, 0600);
    archive_entry_set_rdev(device.get(), makedev(major_number, minor_number));
    add(device, {});
  }

  std::string finish() {
    check(archive_write_close(writer_.get()));
    return std::move(bytes_);
  }

 private:
  static la_ssize_t append(archive* /*writer*/, void* data, const void* buffer, std::size_t size) {
    static_cast<std::string*>(data)->append(static_cast<const char*>(buffer), size);
    return static_cast<la_ssize_t>(size);
  }

  void check(int status) {
    if (status != ARCHIVE_OK) {
      throw Error("making the initramfs", archive_error_string(writer_.get()));
    }
  }

  Entry entry(const std::string& path, unsigned type, mode_t permissions) {
    Entry result(archive_entry_new());
    archive_entry_set_pathname(result.get(), path.c_str());
    archive_entry_set_filetype(result.get(), type);
    archive_entry_set_perm(result.get(), permissions);
    archive_entry_set_ino64(result.get(), ++inodes_);
    archive_entry_set_nlink(result.get(), 1);
    archive_entry_set_mtime(result.get(), 0, 0);
    return result;
  }

  void add(const Entry& entry, std::string_view content) {
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    check(archive_write_header(writer_.get(), entry.get()));
    if (!content.empty() && archive_write_data(writer_.get(), content.data(), content.size()) !=
                                static_cast<la_ssize_t>(content.size())) {
      check(ARCHIVE_FATAL);
    }
  }

  // Before the writer, which flushes into it when it is freed.
  std::string bytes_;
  std::unique_ptr<archive, FreeArchive> writer_;
  la_int64_t inodes_ = 0;
  std::set<std::string> directories_;
};

}  // namespace

std::string initramfs(const InitramfsContents& contents) {
  if (contents.modules.size() > most_modules) {
    throw Error("making the initramfs",
                fmt::format("{} modules are more than their two digits can number",
                            contents.modules.size()));
  }
  Cpio cpio;
  for (const char* directory : {"brokenpipe", "dev", "modules", "proc", "run", "sys", "tmp"}) {
    cpio.add_directory(directory);
  }
  // Without it the kernel starts /init with no standard input, output and error
  // (init/main.c:console_on_rootfs).
  cpio.add_character_device("dev/console", 5, 1);
  cpio.add_file("init", 0755, read_file(contents.probe));
  std::string arguments;
  for (const std::string& argument : contents.arguments) {
    arguments += argument + '\n';
  }
  cpio.add_file("brokenpipe/arguments", 0644, arguments);
  for (std::size_t i = 0; i < contents.modules.size(); ++i) {
    const KernelModule& module = contents.modules[i];
    cpio.add_file(fmt::format("modules/{:02}-{}", i, module.name), 0644, module.content);
  }
  for (const CarriedFile& file : contents.files) {
    cpio.add_directories_above(file.to);
    cpio.add_file(file.to.substr(1), 0755, read_file(file.from));
  }
  return cpio.finish();
}

}  // namespace brokenpipe
