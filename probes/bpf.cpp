#include "probes/bpf.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace probe {
namespace {

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

uint64_t pointer(const void* to) {
  return reinterpret_cast<uint64_t>(to);
}

}  // namespace

Fd load_bpf_program(unsigned type, int verdict) {
  const std::array<bpf_insn, 2> program{{
      {.code = BPF_ALU64 | BPF_MOV | BPF_K,
       .dst_reg = BPF_REG_0,
       .src_reg = 0,
       .off = 0,
       .imm = verdict},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  }};
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.insns = pointer(program.data());
  attributes.insn_cnt = program.size();
  attributes.license = pointer("GPL");
  return Fd(bpf(BPF_PROG_LOAD, attributes));
}

Fd send_through_sockmap(int tcp_socket) {
  const Fd program = load_bpf_program(BPF_PROG_TYPE_SK_MSG, SK_PASS);
  if (program < 0) return {};
  bpf_attr create{};
  create.map_type = BPF_MAP_TYPE_SOCKMAP;
  create.key_size = sizeof(uint32_t);
  create.value_size = sizeof tcp_socket;
  create.max_entries = 1;
  Fd map(bpf(BPF_MAP_CREATE, create));
  if (map < 0) return {};
  bpf_attr attach{};
  attach.target_fd = static_cast<uint32_t>(map);
  attach.attach_bpf_fd = static_cast<uint32_t>(program);
  attach.attach_type = BPF_SK_MSG_VERDICT;
  if (bpf(BPF_PROG_ATTACH, attach) < 0) return {};
  const uint32_t key = 0;
  bpf_attr update{};
  update.map_fd = static_cast<uint32_t>(map);
  update.key = pointer(&key);
  update.value = pointer(&tcp_socket);
  if (bpf(BPF_MAP_UPDATE_ELEM, update) < 0) return {};
  return map;
}

}  // namespace probe
