#include "probes/frame/kernel_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

/// What the probe takes out of the logs of kernels of all ages, their lines as /dev/kmsg has them.
namespace probe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> reports(const std::vector<std::string>& lines) {
  return kernel_reports(lines);
}

// --- Warnings ------------------------------------------------------------------------------------

TEST(KernelReports, WarningOf316NamesItsFunction) {
  EXPECT_THAT(reports({"------------[ cut here ]------------",
                       "WARNING: CPU: 0 PID: 71 at net/ipv4/tcp.c:1326 tcp_recvmsg+0x9b4/0xa50()",
                       "Modules linked in: tcp_diag inet_diag",
                       "CPU: 0 PID: 71 Comm: init Not tainted 3.16.0-11-amd64 #1 Debian 3.16.84-1",
                       "Call Trace:", " [<ffffffff81514c11>] ? dump_stack+0x5d/0x78",
                       " [<ffffffff81068867>] ? warn_slowpath_common+0x77/0x90",
                       "---[ end trace 8dd3ef2d7c5d3b12 ]---"}),
              ElementsAre("WARNING in tcp_recvmsg"));
}

TEST(KernelReports, WarningOfAModuleOf316NamesItsFunction) {
  EXPECT_THAT(
      reports({"WARNING: CPU: 0 PID: 9 at /build/linux-CrHvZ_/linux-3.16.7/net/atm/clip.c:9 "
               "clip_neigh_destroy+0x2/0x8 [clip]()"}),
      ElementsAre("WARNING in clip_neigh_destroy"));
}

TEST(KernelReports, WarningOf510And612NamesItsFunction) {
  EXPECT_THAT(
      reports({"------------[ cut here ]------------",
               "WARNING: CPU: 1 PID: 212 at net/core/stream.c:205 "
               "inet_csk_destroy_sock+0x110/0x130",
               "Modules linked in:",
               "CPU: 1 UID: 0 PID: 212 Comm: init Not tainted 6.12.117+deb13-cloud-amd64 #1",
               "RIP: 0010:inet_csk_destroy_sock+0x110/0x130", "Call Trace:", " <TASK>",
               " __tcp_close+0x1b9/0x440", " </TASK>", "---[ end trace 0000000000000000 ]---"}),
      ElementsAre("WARNING in inet_csk_destroy_sock"));
}

TEST(KernelReports, WarningOf619NamesItsFunction) {
  EXPECT_THAT(reports({"WARNING: net/ipv4/tcp.c:1 at tcp_foo+0x1/0x2, CPU#0: probe/12"}),
              ElementsAre("WARNING in tcp_foo"));
  EXPECT_THAT(
      reports({"WARNING: net/tls/tls_sw.c:9 at tls_push_record+0x1/0x2 [tls], CPU#0: init/7"}),
      ElementsAre("WARNING in tls_push_record"));
  EXPECT_THAT(reports({"WARNING: at tcp_foo+0x1/0x2, CPU#0: probe/12"}),
              ElementsAre("WARNING in tcp_foo"));
}

TEST(KernelReports, NameOfAFunctionIsWithoutWhatACompilerAppends) {
  EXPECT_THAT(reports({"WARNING: CPU: 0 PID: 1 at net/a.c:1 tcp_ack.isra.0.constprop.3+0x1/0x2"}),
              ElementsAre("WARNING in tcp_ack"));
}

TEST(KernelReports, EachWarningIsAReport) {
  EXPECT_THAT(reports({"WARNING: CPU: 0 PID: 1 at net/a.c:1 one+0x1/0x2", "---[ end trace 0 ]---",
                       "WARNING: CPU: 0 PID: 1 at net/a.c:2 two+0x1/0x2", "---[ end trace 0 ]---"}),
              ElementsAre("WARNING in one", "WARNING in two"));
}

// All of refcount_t's warnings stand in a function or two: the one that called them tells.
TEST(KernelReports, WarningOfARefcountIsOfItsCaller) {
  EXPECT_THAT(
      reports({"------------[ cut here ]------------", "refcount_t: underflow; use-after-free.",
               "WARNING: CPU: 0 PID: 98 at lib/refcount.c:28 refcount_warn_saturate+0xa6/0xf0",
               "Modules linked in: atmtcp atm", "RIP: 0010:refcount_warn_saturate+0xa6/0xf0",
               "RSP: 0018:ffffb1e0c0147e58 EFLAGS: 00010282", "Call Trace:", " <TASK>",
               " ? __warn+0x7d/0xc0", " ? exc_invalid_op+0x13/0x60",
               " vcc_release+0x1c4/0x1d0 [atm]", " __sock_release+0x3d/0xc0", " </TASK>",
               "---[ end trace 0000000000000000 ]---"}),
      ElementsAre("WARNING: refcount_t in vcc_release"));
}

TEST(KernelReports, WarningOfARefcountIsOfItsCallerWhereTheTraceBeginsInTheWarning) {
  EXPECT_THAT(
      reports({"WARNING: CPU: 0 PID: 98 at lib/refcount.c:187 refcount_sub_and_test+0x40/0x50",
               "CPU: 0 PID: 98 Comm: init Not tainted 4.14.67 #1", "Call Trace:",
               " dump_stack+0x5c/0x85", " __warn+0xc4/0xe0", " warn_slowpath_fmt+0x4a/0x50",
               " ? finish_wait+0x5/0x10", " refcount_sub_and_test+0x40/0x50",
               " refcount_dec_and_test+0x11/0x20", " vcc_release+0x1c4/0x1d0",
               "---[ end trace 1 ]---", "WARNING: CPU: 0 PID: 98 at net/a.c:1 next+0x1/0x2"}),
      ElementsAre("WARNING: refcount_t in vcc_release", "WARNING in next"));
}

TEST(KernelReports, WarningOfARefcountWithoutATraceIsOneAllTheSame) {
  EXPECT_THAT(reports({"WARNING: lib/refcount.c:28 at refcount_warn_saturate+0xa6/0xf0, CPU#0: a/1",
                       "refcount_t: underflow; use-after-free.", "---[ end trace 0 ]---"}),
              ElementsAre("WARNING: refcount_t"));
}

// --- Lockdep -------------------------------------------------------------------------------------

TEST(KernelReports, LockdepHasNoFunctionAndItsFindingIsTheReport) {
  EXPECT_THAT(
      reports({"======================================================",
               "WARNING: possible circular locking dependency detected", "6.12.0 #1 Not tainted",
               "------------------------------------------------------",
               "init/71 is trying to acquire lock:"}),
      ElementsAre("WARNING: possible circular locking dependency detected"));
}

TEST(KernelReports, LockdepOf316SaysTheSameInAFrame) {
  EXPECT_THAT(reports({"[ INFO: possible circular locking dependency detected ]"}),
              ElementsAre("WARNING: possible circular locking dependency detected"));
  EXPECT_THAT(reports({"[ INFO: suspicious RCU usage. ]"}),
              ElementsAre("WARNING: suspicious RCU usage"));
  EXPECT_THAT(reports({"[ BUG: bad unlock balance detected! ]"}),
              ElementsAre("WARNING: bad unlock balance detected"));
}

// --- Bugs and oopses -----------------------------------------------------------------------------

TEST(KernelReports, BugNamesItsFileWhateverFolderItWasBuiltIn) {
  const std::vector<std::string> what_follows{
      "invalid opcode: 0000 [#1] SMP ", "CPU: 0 PID: 75 Comm: init Not tainted 3.16.0 #2",
      "RIP: 0010:[<ffffffff813f0c27>]  [<ffffffff813f0c27>] sock_aio_write+0x137/0x140",
      "RIP  [<ffffffff813f0c27>] sock_aio_write+0x137/0x140", "---[ end trace 4f2b ]---"};
  for (const std::string path :
       {"net/socket.c", "/build/linux-Cr/linux-3.16.7/net/socket.c", "../net/socket.c"}) {
    std::vector<std::string> lines{"kernel BUG at " + path + ":890!"};
    lines.insert(lines.end(), what_follows.begin(), what_follows.end());
    EXPECT_THAT(reports(lines), ElementsAre("BUG in net/socket.c")) << path;
  }
}

TEST(KernelReports, BugOfNewerKernelsIsNotAlsoAnOops) {
  EXPECT_THAT(reports({"kernel BUG at net/core/skbuff.c:200!",
                       "Oops: invalid opcode: 0000 [#1] SMP NOPTI", "RIP: 0010:skb_panic+0x4d/0x4f",
                       "---[ end trace 0000000000000000 ]---", "RIP: 0010:skb_panic+0x4d/0x4f"}),
              ElementsAre("BUG in net/core/skbuff.c"));
}

TEST(KernelReports, OopsNamesWhereTheProcessorWas) {
  EXPECT_THAT(reports({"BUG: kernel NULL pointer dereference, address: 0000000000000018",
                       "#PF: supervisor read access in kernel mode",
                       "#PF: error_code(0x0000) - not-present page",
                       "Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI",
                       "RIP: 0010:unix_stream_sendmsg+0x31/0x4b0", "Call Trace:",
                       " sock_write_iter+0x17a/0x190", "---[ end trace 0000000000000000 ]---"}),
              ElementsAre("Oops: page fault in unix_stream_sendmsg"));
}

TEST(KernelReports, OopsOf316NamesWhereTheProcessorWas) {
  EXPECT_THAT(
      reports({"BUG: unable to handle kernel NULL pointer dereference at 0000000000000018",
               "IP: [<ffffffffa0012345>] vcc_sendmsg+0x31/0x4b0 [atm]", "Oops: 0000 [#1] SMP ",
               "RIP: 0010:[<ffffffffa0012345>]  [<ffffffffa0012345>] "
               "vcc_sendmsg+0x31/0x4b0 [atm]",
               "RIP  [<ffffffffa0012345>] vcc_sendmsg+0x31/0x4b0 [atm]",
               "---[ end trace 4f2b ]---"}),
      ElementsAre("Oops: page fault in vcc_sendmsg"));
}

TEST(KernelReports, OopsOfAJumpToNowhereHasNoPlace) {
  EXPECT_THAT(reports({"BUG: unable to handle page fault for address: ffffffffc0123456",
                       "Oops: Oops: 0010 [#1] SMP NOPTI", "RIP: 0010:0xffffffffc0123456",
                       "RIP: 0033:0x7f1234", "---[ end trace 0000000000000000 ]---",
                       "RIP: 0010:0xffffffffc0123456"}),
              ElementsAre("Oops: page fault"));
}

TEST(KernelReports, ProtectionFaultIsAnOopsInEveryWording) {
  for (const std::string header :
       {"general protection fault: 0000 [#1] SMP ",
        "general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP NOPTI",
        "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] "
        "SMP"}) {
    EXPECT_THAT(reports({header, "RIP: 0010:tcp_close+0x1/0x2"}),
                ElementsAre("Oops: general protection fault in tcp_close"))
        << header;
  }
  EXPECT_THAT(reports({"divide error: 0000 [#1] SMP ", "RIP: 0010:tcp_reno+0x1/0x2"}),
              ElementsAre("Oops: divide error in tcp_reno"));
}

TEST(KernelReports, FaultOfAProgramIsNone) {
  EXPECT_THAT(reports({"init[12]: segfault at 0 ip 0000000000401136 sp 00007ffc error 6 in init",
                       "traps: init[12] general protection fault ip:401136 sp:7ffc error:0"}),
              IsEmpty());
}

TEST(KernelReports, OtherBugsAreTheirWordsWithoutWhatVaries) {
  EXPECT_THAT(
      reports({"BUG: sleeping function called from invalid context at net/core/sock.c:2537"}),
      ElementsAre("BUG: sleeping function called from invalid context at net/core/sock.c"));
  EXPECT_THAT(reports({"BUG: scheduling while atomic: init/71/0x00000002"}),
              ElementsAre("BUG: scheduling while atomic"));
  EXPECT_THAT(reports({"BUG: Bad page state in process init  pfn:12345"}),
              ElementsAre("BUG: Bad page state"));
  EXPECT_THAT(reports({"BUG kmalloc-64 (Not tainted): Poison overwritten"}),
              ElementsAre("SLUB: Poison overwritten in kmalloc-64"));
}

// --- Sanitizers ----------------------------------------------------------------------------------

TEST(KernelReports, KasanIsItsFindingAndTheFunction) {
  EXPECT_THAT(reports({"==================================================================",
                       "BUG: KASAN: slab-use-after-free in unix_release+0x12/0x34 [unix]",
                       "Read of size 8 at addr ffff888103a4b2c0 by task init/71",
                       "Call Trace:", " kasan_report+0xda/0x110",
                       "=================================================================="}),
              ElementsAre("KASAN: slab-use-after-free in unix_release"));
  EXPECT_THAT(reports({"BUG: KASAN: use-after-free in tcp_ack+0x1/0x2 at addr ffff880012345678"}),
              ElementsAre("KASAN: use-after-free in tcp_ack"));
}

TEST(KernelReports, KfenceAndKmsanAreTheirFindingAndTheFunction) {
  EXPECT_THAT(reports({"BUG: KFENCE: use-after-free read in sk_free+0x1/0x2"}),
              ElementsAre("KFENCE: use-after-free read in sk_free"));
  EXPECT_THAT(reports({"BUG: KMSAN: uninit-value in tcp_recvmsg+0x1/0x2"}),
              ElementsAre("KMSAN: uninit-value in tcp_recvmsg"));
}

TEST(KernelReports, UbsanIsItsFindingAndTheFile) {
  EXPECT_THAT(reports({"UBSAN: array-index-out-of-bounds in net/ipv4/tcp.c:12:3",
                       "index 9 is out of range for type 'u8 [8]'"}),
              ElementsAre("UBSAN: array-index-out-of-bounds in net/ipv4/tcp.c"));
  EXPECT_THAT(reports({"UBSAN: Undefined behaviour in ./include/net/sock.h:12:3"}),
              ElementsAre("UBSAN: Undefined behaviour in include/net/sock.h"));
}

// --- What does not go on -------------------------------------------------------------------------

TEST(KernelReports, StallsAndLockupsAreTheSameWordsOnEveryKernel) {
  EXPECT_THAT(reports({"INFO: rcu_sched self-detected stall on CPU { 0}  (t=5250 jiffies)"}),
              ElementsAre("RCU stall"));
  EXPECT_THAT(reports({"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"}),
              ElementsAre("RCU stall"));
  EXPECT_THAT(reports({"BUG: soft lockup - CPU#0 stuck for 22s! [init:71]"}),
              ElementsAre("soft lockup"));
  EXPECT_THAT(reports({"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [init:71]"}),
              ElementsAre("soft lockup"));
  EXPECT_THAT(reports({"INFO: task init:71 blocked for more than 120 seconds."}),
              ElementsAre("hung task"));
  EXPECT_THAT(reports({"INFO: task init:71 blocked in I/O wait for more than 120 seconds."}),
              ElementsAre("hung task"));
}

// --- No report -----------------------------------------------------------------------------------

TEST(KernelReports, OrdinaryWordsOfAKernelAreNone) {
  EXPECT_THAT(reports({"tcp_diag: module license 'GPL'",
                       "TCP: request_sock_TCP: Possible SYN "
                       "flooding on port 7000. Dropping request.  Check SNMP counters.",
                       "NET: Registered PF_VSOCK protocol family",
                       "device lo entered promiscuous mode", ""}),
              IsEmpty());
}

TEST(KernelReports, ProcessKilledForWantOfMemoryIsTheMachinesFault) {
  EXPECT_TRUE(
      ran_out_of_memory({"Out of memory: Kill process 71 (init) score 3 or sacrifice child"}));
  EXPECT_TRUE(ran_out_of_memory({"Out of memory: Killed process 71 (init) total-vm:1kB"}));
  EXPECT_FALSE(ran_out_of_memory({"init invoked oom-killer: gfp_mask=0xcc0", "Mem-Info:"}));
  EXPECT_THAT(reports({"Out of memory: Killed process 71 (init) total-vm:1kB"}), IsEmpty());
}

TEST(KernelLine, IsTheTextOfARecordWithoutItsProperties) {
  EXPECT_EQ(kernel_line("4,339,5140900,-;WARNING: a; b\n SUBSYSTEM=net\n DEVICE=n2\n"),
            "WARNING: a; b");
  EXPECT_EQ(kernel_line("6,1,0,-,caller=T1;text"), "text");
}

TEST(KernelLine, OfUserSpaceIsIgnored) {
  // LOG_USER is 1, and stands above the level: 1 << 3 | 4.
  EXPECT_EQ(kernel_line("12,340,5140901,-;WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n"), "");
}

TEST(KernelLine, WithoutATextIsNone) {
  EXPECT_EQ(kernel_line("4,339"), "");
}

}  // namespace
}  // namespace probe
