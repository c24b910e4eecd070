#include "tests/support/fake_kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <lz4.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace brokenpipe::test {
namespace {

template <typename T>
std::string bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string little_endian(std::uint32_t value) {
  return bytes_of(value);
}

Elf64_Ehdr elf_header(std::uint16_t type) {
  Elf64_Ehdr header{};
  const std::array<unsigned char, 7> ident = {ELFMAG0,    ELFMAG1,     ELFMAG2,   ELFMAG3,
                                              ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  std::copy(ident.begin(), ident.end(), header.e_ident);
  header.e_type = type;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  return header;
}

std::string note(std::string_view owner_and_nul, std::uint32_t type, std::string_view description) {
  std::string result = little_endian(static_cast<std::uint32_t>(owner_and_nul.size())) +
                       little_endian(static_cast<std::uint32_t>(description.size())) +
                       little_endian(type);
  for (const std::string_view part : {owner_and_nul, description}) {
    result += part;
    result.resize((result.size() + 3) / 4 * 4);
  }
  return result;
}

struct FreeArchive {
  void operator()(archive* handle) const { archive_write_free(handle); }
};
struct FreeEntry {
  void operator()(archive_entry* handle) const { archive_entry_free(handle); }
};

std::string lz4_legacy(std::string_view content) {
  std::vector<char> block(
      static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(content.size()))));
  const int size =
      LZ4_compress_default(content.data(), block.data(), static_cast<int>(content.size()),
                           static_cast<int>(block.size()));
  constexpr std::uint32_t magic = 0x184c2102;
  return little_endian(magic) + little_endian(static_cast<std::uint32_t>(size)) +
         std::string(block.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::string fake_vmlinux(std::string_view release, bool pvh) {
  // A note that is not Xen's and one of Xen's that is not the entry come before.
  std::string notes = note({"GNU\0", 4}, NT_GNU_BUILD_ID, "0123456789");
  notes += note({"Xen\0", 4}, 6, "linux");
  if (pvh) {
    notes += note({"Xen\0", 4}, 18, little_endian(0x1000000));
  }
  Elf64_Ehdr header = elf_header(ET_EXEC);
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = notes.size();
  segment.p_align = 4;
  return bytes_of(header) + bytes_of(segment) + notes + "Linux version " + std::string(release) +
         " (builder@example.org) #1 SMP\n" + std::string(4096, 'k');
}

std::string compressed(std::string_view content, const std::string& compression) {
  if (compression == "lz4") {
    return lz4_legacy(content);
  }
  const std::unique_ptr<archive, FreeArchive> writer(archive_write_new());
  archive_write_set_format_raw(writer.get());
  archive_write_set_bytes_per_block(writer.get(), 0);
  if (archive_write_add_filter_by_name(writer.get(), compression.c_str()) != ARCHIVE_OK) {
    throw std::runtime_error(archive_error_string(writer.get()));
  }
  std::string result(2 * content.size() + 4096, '\0');
  std::size_t used = 0;
  archive_write_open_memory(writer.get(), result.data(), result.size(), &used);
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_write_header(writer.get(), entry.get());
  archive_write_data(writer.get(), content.data(), content.size());
  archive_write_close(writer.get());
  result.resize(used);
  return result;
}

std::string bzimage_with(std::string_view release, std::string_view payload) {
  constexpr std::size_t setup_sectors = 2;
  constexpr std::size_t payload_offset = 64;
  std::string image((setup_sectors + 1) * 512 + payload_offset, '\0');
  const auto put = [&](std::size_t at, std::string_view bytes) {
    image.replace(at, bytes.size(), bytes);
  };
  put(0x1f1, {"\x02", 1});
  put(0x1fe, "\x55\xaa");
  put(0x202, "HdrS");
  put(0x206, little_endian(0x020f).substr(0, 2));
  put(0x20e, little_endian(0x300 - 0x200).substr(0, 2));
  put(0x248, little_endian(payload_offset));
  put(0x24c, little_endian(static_cast<std::uint32_t>(payload.size())));
  put(0x300, std::string(release) + " (builder@example.org) #1 SMP");
  return image + std::string(payload);
}

std::string fake_bzimage(std::string_view release, const std::string& compression, bool pvh) {
  const std::string vmlinux = fake_vmlinux(release, pvh);
  std::string payload = compressed(vmlinux, compression);
  if (compression != "gzip") {
    payload += little_endian(static_cast<std::uint32_t>(vmlinux.size()));
  }
  return bzimage_with(release, payload);
}

std::string fake_module(std::string_view modinfo) {
  constexpr std::string_view names("\0.modinfo\0.shstrtab\0", 20);
  Elf64_Ehdr header = elf_header(ET_REL);
  header.e_shoff = sizeof header;
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  std::array<Elf64_Shdr, 3> sections{};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_offset = sizeof header + sizeof sections;
  sections[1].sh_size = modinfo.size();
  sections[2].sh_name = 10;
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = sections[1].sh_offset + modinfo.size();
  sections[2].sh_size = names.size();
  return bytes_of(header) + bytes_of(sections) + std::string(modinfo) + std::string(names);
}

}  // namespace brokenpipe::test
