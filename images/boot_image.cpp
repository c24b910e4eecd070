#include "images/boot_image.h"

#include <elf.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "images/hashed_file.h"
#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

/// XEN_ELFNOTE_PHYS32_ENTRY, xen/include/public/elfnote.h: where PVH starts a kernel.
constexpr GElf_Word pvh_entry_note = 18;

Error no_kernel(const fs::path& image, const std::string& why) {
  return {fmt::format("reading {} as a kernel", image.string()), why,
          "Name a bzImage, a vmlinux or a linux-image package for x86-64."};
}

bool is_elf(std::string_view content) {
  return content.starts_with(ELFMAG);
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

/// Fields of the setup header, by their offsets in Documentation/arch/x86/boot.rst.
class SetupHeader {
 public:
  SetupHeader(std::string_view content, const fs::path& image) : content_(content), image_(image) {
    if (content.size() < 0x268 || content.substr(0x202, 4) != "HdrS") {
      throw no_kernel(image, "it is neither a bzImage nor an ELF file");
    }
    if (field(0x206, 2) < 0x208) {
      throw no_kernel(image, "its boot protocol is older than 2.08 (Linux 2.6.26)");
    }
  }

  std::string_view payload() const {
    const std::size_t setup_sectors = field(0x1f1, 1) == 0 ? 4 : field(0x1f1, 1);
    const std::size_t offset = (setup_sectors + 1) * 512 + field(0x248, 4);
    const std::size_t length = field(0x24c, 4);
    if (length < 16 || offset > content_.size() || length > content_.size() - offset) {
      throw no_kernel(image_, "it ends before its payload does");
    }
    return content_.substr(offset, length);
  }

  /// The first word of the version string.
  std::string release() const {
    const std::size_t offset = field(0x20e, 2) + 0x200;
    if (field(0x20e, 2) == 0 || offset >= content_.size()) {
      throw no_kernel(image_, "its setup header names no version");
    }
    const std::string_view text = content_.substr(offset, 256);
    return std::string(text.substr(0, text.find_first_of(std::string_view(" \0", 2))));
  }

 private:
  std::uint32_t field(std::size_t offset, std::size_t size) const {
    return little_endian(content_.substr(offset, size));
  }

  std::string_view content_;
  fs::path image_;
};

struct EndElf {
  void operator()(Elf* handle) const { elf_end(handle); }
};

bool has_pvh_note(Elf* elf, const GElf_Phdr& segment) {
  Elf_Data* data = elf_getdata_rawchunk(elf, static_cast<std::int64_t>(segment.p_offset),
                                        segment.p_filesz, ELF_T_NHDR);
  if (data == nullptr) {
    return false;
  }
  GElf_Nhdr note;
  std::size_t name = 0;
  std::size_t description = 0;
  std::size_t offset = 0;
  while ((offset = gelf_getnote(data, offset, &note, &name, &description)) > 0) {
    const std::string_view owner(static_cast<const char*>(data->d_buf) + name, note.n_namesz);
    if (note.n_type == pvh_entry_note && owner == std::string_view("Xen\0", 4)) {
      return true;
    }
  }
  return false;
}

bool has_pvh_entry(std::string& vmlinux, const fs::path& image) {
  elf_version(EV_CURRENT);
  const std::unique_ptr<Elf, EndElf> elf(elf_memory(vmlinux.data(), vmlinux.size()));
  std::size_t segments = 0;
  if (!elf || elf_getphdrnum(elf.get(), &segments) != 0) {
    throw no_kernel(image, elf_errmsg(-1));
  }
  for (std::size_t i = 0; i < segments; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf.get(), static_cast<int>(i), &segment) != nullptr &&
        segment.p_type == PT_NOTE && has_pvh_note(elf.get(), segment)) {
      return true;
    }
  }
  return false;
}

bool is_lzo(std::string_view payload) {
  return payload.starts_with("\x89LZO");
}

/// The payload is the compressed vmlinux and, in four bytes, its size; gzip's own format ends so,
/// for all others the kernel's build appends it (scripts/Makefile.lib, size_append).
std::string unpack_payload(std::string_view payload, const fs::path& image) {
  const std::string_view size = payload.substr(payload.size() - 4);
  const bool is_gzip = payload.starts_with("\x1f\x8b");
  const std::string_view stream = is_gzip ? payload : payload.substr(0, payload.size() - 4);
  std::string vmlinux = decompress(stream, fmt::format("the payload of {}", image.string()));
  if (vmlinux.size() != little_endian(size) || !is_elf(vmlinux)) {
    throw no_kernel(image, "its payload is not the vmlinux that its header announces");
  }
  return vmlinux;
}

/// What the cache has of one bzImage.
class CachedVmlinux {
 public:
  CachedVmlinux(const fs::path& cache, const std::string& image_hash)
      : vmlinux_(cache / (image_hash + ".vmlinux")),
        hash_(cache / (image_hash + ".vmlinux.sha256")),
        without_pvh_(cache / (image_hash + ".no-pvh")) {}

  const fs::path& vmlinux() const { return vmlinux_; }
  bool is_there() const { return fs::exists(vmlinux_) && fs::exists(hash_); }
  bool has_no_pvh() const { return fs::exists(without_pvh_); }

  /// Whether there is a vmlinux with a PVH entry: for the holder of the cache's lock.
  bool fill(std::string_view payload, const fs::path& image) const {
    std::string vmlinux = unpack_payload(payload, image);
    if (!has_pvh_entry(vmlinux, image)) {
      write_file(without_pvh_, "");
      return false;
    }
    write_file(vmlinux_, vmlinux);
    write_file(hash_, hash_line(sha256(vmlinux)));
    return true;
  }

  /// False where it is not there, not to be read or not what was unpacked.
  bool copy(const fs::path& to) const {
    const std::optional<std::string> hash = copy_hashed(vmlinux_, to);
    return hash && fs::exists(hash_) && read_file(hash_) == hash_line(*hash);
  }

 private:
  /// As sha256sum(1) has it; with the name, so that one image's list is not another's.
  std::string hash_line(const std::string& hash) const {
    return fmt::format("{}  {}\n", hash, vmlinux_.filename().string());
  }

  fs::path vmlinux_;
  fs::path hash_;
  fs::path without_pvh_;
};

void copy_content(std::string_view content, const fs::path& to) {
  HashedFile file(to);
  file.append(content);
  file.close();
}

}  // namespace

BootImage boot_image(const fs::path& image, const fs::path& cache) {
  std::string content = read_file(image);
  if (is_elf(content)) {
    if (!has_pvh_entry(content, image)) {
      throw no_kernel(image, "it is an ELF file without a PVH entry, which QEMU cannot start");
    }
    return {{}, image};
  }
  const std::string_view payload = SetupHeader(content, image).payload();
  const CachedVmlinux cached(cache, sha256(content));
  make_directories(cache);
  const FileLock held(cache / "lock");
  if (cached.is_there()) {
    return {image, cached.vmlinux()};
  }
  if (cached.has_no_pvh() || is_lzo(payload) || !cached.fill(payload, image)) {
    return {image, std::nullopt};
  }
  return {image, cached.vmlinux()};
}

void copy_for_boot(const fs::path& image, const std::string& sha256, BootForm form,
                   const fs::path& cache, const fs::path& to) {
  const std::string content = read_file(image);
  if (const std::string is = brokenpipe::sha256(content); is != sha256) {
    throw Error(fmt::format("reading {} for the boot", image.string()),
                fmt::format("its SHA-256 is {}, and it was {}", is, sha256),
                "Run it again: a kernel of the store is fetched again then, a file of yours taken "
                "as it is.");
  }
  if (form == BootForm::as_shipped || is_elf(content)) {
    copy_content(content, to);
    return;
  }
  const CachedVmlinux cached(cache, sha256);
  if (cached.copy(to)) {
    return;
  }
  {
    make_directories(cache);
    const FileLock held(cache / "lock");
    if (!cached.fill(SetupHeader(content, image).payload(), image)) {
      throw no_kernel(image, "it has no PVH entry, without which QEMU cannot start its vmlinux");
    }
  }
  if (!cached.copy(to)) {
    throw Error(
        fmt::format("unpacking {}", image.string()),
        fmt::format("{} does not give back what was written there", cached.vmlinux().string()),
        "Is the disk sound? XDG_CACHE_HOME names another place.");
  }
}

std::string kernel_release(const fs::path& image) {
  return release_in(read_file(image), image);
}

std::string release_in(std::string_view content, const fs::path& image) {
  if (!is_elf(content)) {
    return SetupHeader(content, image).release();
  }
  // The digit tells the banner (init/version.c) from other uses of these words.
  constexpr std::string_view banner = "Linux version ";
  for (std::size_t found = content.find(banner); found != std::string_view::npos;
       found = content.find(banner, found + 1)) {
    const std::string_view release = content.substr(found + banner.size(), 256);
    if (!release.empty() && release.front() >= '0' && release.front() <= '9') {
      return std::string(release.substr(0, release.find(' ')));
    }
  }
  throw no_kernel(image, "it is an ELF file without Linux's banner");
}

}  // namespace brokenpipe
