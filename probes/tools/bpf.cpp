#include "probes/tools/bpf.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace probe {
namespace {

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

uint64_t pointer(const void* to) {
  return reinterpret_cast<uint64_t>(to);
}

template <uint8_t to>
constexpr bpf_insn set_register(int value) {
  return {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = to, .src_reg = 0, .off = 0, .imm = value};
}

constexpr bpf_insn leave{
    .code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};

Fd load(unsigned type, const bpf_insn* program, size_t length) {
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.insns = pointer(program);
  attributes.insn_cnt = static_cast<uint32_t>(length);
  attributes.license = pointer("GPL");
  return Fd(bpf(BPF_PROG_LOAD, attributes));
}

// A message is whatever there is.
Fd load_parser() {
  const std::array<bpf_insn, 2> program{{
      {.code = BPF_LDX | BPF_MEM | BPF_W,
       .dst_reg = BPF_REG_0,
       .src_reg = BPF_REG_1,
       .off = offsetof(__sk_buff, len),
       .imm = 0},
      leave,
  }};
  return load(BPF_PROG_TYPE_SK_SKB, program.data(), program.size());
}

// Every message goes to the socket at `key` of the map, to be sent there.
Fd load_redirector(int map, int key) {
  const std::array<bpf_insn, 6> program{{
      {.code = BPF_LD | BPF_IMM | BPF_DW,
       .dst_reg = BPF_REG_2,
       .src_reg = BPF_PSEUDO_MAP_FD,
       .off = 0,
       .imm = map},
      {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      set_register<BPF_REG_3>(key),
      set_register<BPF_REG_4>(0),
      {.code = BPF_JMP | BPF_CALL,
       .dst_reg = 0,
       .src_reg = 0,
       .off = 0,
       .imm = BPF_FUNC_sk_redirect_map},
      leave,
  }};
  return load(BPF_PROG_TYPE_SK_SKB, program.data(), program.size());
}

Fd make_sockmap(uint32_t entries) {
  bpf_attr create{};
  create.map_type = BPF_MAP_TYPE_SOCKMAP;
  create.key_size = sizeof(uint32_t);
  create.value_size = sizeof(int);
  create.max_entries = entries;
  return Fd(bpf(BPF_MAP_CREATE, create));
}

bool attach(int map, int program, unsigned type) {
  bpf_attr attach{};
  attach.target_fd = static_cast<uint32_t>(map);
  attach.attach_bpf_fd = static_cast<uint32_t>(program);
  attach.attach_type = type;
  return bpf(BPF_PROG_ATTACH, attach) == 0;
}

bool put(int map, uint32_t key, int tcp_socket) {
  bpf_attr update{};
  update.map_fd = static_cast<uint32_t>(map);
  update.key = pointer(&key);
  update.value = pointer(&tcp_socket);
  return bpf(BPF_MAP_UPDATE_ELEM, update) == 0;
}

}  // namespace

Fd load_bpf_program(unsigned type, int verdict) {
  const std::array<bpf_insn, 2> program{{set_register<BPF_REG_0>(verdict), leave}};
  return load(type, program.data(), program.size());
}

Fd send_through_sockmap(int tcp_socket) {
  const Fd program = load_bpf_program(BPF_PROG_TYPE_SK_MSG, SK_PASS);
  if (program < 0) return {};
  Fd map = make_sockmap(1);
  if (map < 0 || !attach(map, program, BPF_SK_MSG_VERDICT) || !put(map, 0, tcp_socket)) return {};
  return map;
}

Fd redirect_by_sockmap(int from, int to) {
  Fd map = make_sockmap(2);
  if (map < 0 || !put(map, 0, to)) return {};
  const Fd parser = load_parser();
  const Fd verdict = load_redirector(map, 0);
  if (parser < 0 || verdict < 0 || !attach(map, parser, BPF_SK_SKB_STREAM_PARSER) ||
      !attach(map, verdict, BPF_SK_SKB_STREAM_VERDICT) || !put(map, 1, from)) {
    return {};
  }
  return map;
}

}  // namespace probe
