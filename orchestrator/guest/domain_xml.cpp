#include "orchestrator/guest/domain_xml.h"

#include <filesystem>
#include <pugixml.hpp>
#include <sstream>

#include "results/base/error.h"

namespace brokenpipe {
namespace {

pugi::xml_node add(pugi::xml_node parent, const char* name) {
  return parent.append_child(name);
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
  add(parent, name).text().set(text.c_str());
}

void add_os(pugi::xml_node domain, const BootSpec& spec) {
  auto os = add(domain, "os");
  auto type = add(os, "type");
  set(type, "arch", "x86_64");
  set(type, "machine", "pc");
  type.text().set("hvm");
  add_text(os, "kernel", spec.kernel.string());
  add_text(os, "initrd", spec.initrd.string());
  add_text(os, "cmdline", spec.cmdline);
}

void add_cpu(pugi::xml_node domain, Accelerator accelerator) {
  auto cpu = add(domain, "cpu");
  if (accelerator == Accelerator::kvm) {
    set(cpu, "mode", "host-passthrough");
    return;
  }
  set(cpu, "mode", "maximum");
  // Debian's 6.12.107 double-faults in TCG's cmpxchg16b while network namespaces come and go.
  auto feature = add(cpu, "feature");
  set(feature, "policy", "disable");
  set(feature, "name", "cx16");
}

void add_clock(pugi::xml_node domain, Clock clock) {
  auto element = add(domain, "clock");
  if (clock == Clock::real) {
    set(element, "offset", "utc");
    return;
  }
  set(element, "offset", "absolute");
  set(element, "start", "1700000000");
  auto rtc = add(element, "timer");
  set(rtc, "name", "rtc");
  set(rtc, "track", "guest");
}

void add_serial_file(pugi::xml_node devices, const char* port, const std::filesystem::path& file) {
  auto serial = add(devices, "serial");
  set(serial, "type", "file");
  set(add(serial, "source"), "path", file.string());
  auto target = add(serial, "target");
  set(target, "type", "isa-serial");
  set(target, "port", port);
}

void add_devices(pugi::xml_node domain, const BootSpec& spec) {
  auto devices = add(domain, "devices");
  auto usb = add(devices, "controller");
  set(usb, "type", "usb");
  set(usb, "model", "none");
  add_serial_file(devices, "0", spec.console);
  add_serial_file(devices, "1", spec.records);
  set(add(devices, "memballoon"), "model", "none");
}

/// What libvirt has no words for: virtual time that follows the instructions and jumps over idle
/// periods (qemu(1): -icount), the seed of what QEMU itself draws by lot, and the machine's UUID,
/// which the kernel stirs into its random pool (dmi_scan_machine); libvirt's own is unique to
/// each domain, and this one, later on the command line, takes its place.
void add_deterministic_qemu(pugi::xml_node domain) {
  set(domain, "xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0");
  auto command_line = add(domain, "qemu:commandline");
  for (const char* argument : {"-icount", "shift=4,sleep=off", "-seed", "1", "-uuid",
                               "00000000-0000-4000-8000-000000000000"})
    set(add(command_line, "qemu:arg"), "value", argument);
}

}  // namespace

std::string domain_xml(const BootSpec& spec) {
  if (spec.clock == Clock::warp && spec.accelerator == Accelerator::kvm)
    throw UsageError(
        "the warp clock counts instructions, which KVM cannot: use --accel tcg or --clock real");

  pugi::xml_document document;
  auto domain = document.append_child("domain");
  set(domain, "type", spec.accelerator == Accelerator::kvm ? "kvm" : "qemu");
  add_text(domain, "name", spec.name);
  auto memory = add(domain, "memory");
  set(memory, "unit", "MiB");
  memory.text().set(spec.memory_mib);
  add_text(domain, "vcpu", "1");
  add_os(domain, spec);
  if (spec.acpi) add(add(domain, "features"), "acpi");
  add_cpu(domain, spec.accelerator);
  add_clock(domain, spec.clock);
  for (const char* event : {"on_poweroff", "on_reboot", "on_crash"})
    add_text(domain, event, "destroy");
  add_devices(domain, spec);
  set(add(domain, "seclabel"), "type", "none");
  if (spec.clock == Clock::warp) add_deterministic_qemu(domain);

  std::ostringstream out;
  document.save(out, "  ", pugi::format_indent | pugi::format_no_declaration);
  return out.str();
}

}  // namespace brokenpipe
