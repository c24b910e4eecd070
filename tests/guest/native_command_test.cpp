#include "orchestrator/guest/native_command.h"

#include <gtest/gtest.h>

/// libvirt's command line of QEMU, made into one to be pasted.
using namespace brokenpipe;

TEST(NativeCommand, LeavesOutWhatOnlyLibvirtCanUse) {
  EXPECT_EQ(runnable_command(
                "LC_ALL=C HOME=/root/of/libvirt /usr/bin/qemu -name guest=g,debug-threads=on -S "
                R"(-object '{"qom-type":"secret","id":"masterKey0","file":"/k"}' )"
                "-chardev socket,id=charmonitor,path=/m -mon chardev=charmonitor,id=monitor "
                "-no-shutdown -chardev file,id=charserial0,path=/c"),
            "/usr/bin/qemu \\\n"
            "  -name guest=g,debug-threads=on \\\n"
            "  -no-reboot \\\n"
            "  -chardev file,id=charserial0,path=/c");
}

TEST(NativeCommand, QuotesForTheShellWhatWasQuoted) {
  EXPECT_EQ(runnable_command(R"(/usr/bin/qemu -append 'a b $HOME' -device '{"driver":"x"}')"),
            "/usr/bin/qemu \\\n  -append 'a b $HOME' \\\n  -device '{\"driver\":\"x\"}'");
}

TEST(NativeCommand, KeepsQuotesBackslashesAndEmptyArguments) {
  EXPECT_EQ(runnable_command(R"(/usr/bin/qemu -append 'it'\''s \ "x"' -kernel '')"),
            R"(/usr/bin/qemu \
  -append 'it'\''s \ "x"' \
  -kernel '')");
}

TEST(NativeCommand, NamesTheProgramThatIsAskedFor) {
  EXPECT_EQ(runnable_command("LC_ALL=C /cache/emulator/qemu -m 64", "/usr/bin/qemu"),
            "/usr/bin/qemu \\\n  -m 64");
}
