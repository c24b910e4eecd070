# The scripted peer, as far as it needs no kernel.
brokenpipe_test(wire_test SOURCES wire_test.cpp LIBRARIES probe_framework)
