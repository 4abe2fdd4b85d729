# SPDX-License-Identifier: Apache-2.0
#
# Sources of the unit tests in tests/hnvtest, beyond hnvtest.c itself.

HNVTEST_SOURCES += \
	tests/bench-hnv-compile.c \
	tests/test-hnv-budget.c \
	tests/test-hnv-compile.c \
	tests/test-hnv-icmp.c \
	tests/test-hnv-lazy.c \
	tests/test-hnv-moves.c \
	tests/test-hnv-policy.c \
	tests/test-hnv-policy.h \
	tests/test-hnv-quote.c \
	tests/test-hnv-stages.c \
	tests/test-hnv-values.c \
	tests/test-nvgre-entropy.c \
	tests/test-nvgre-gro.c \
	tests/test-nvgre-options.c \
	tests/test-nvgre-outdated.c \
	tests/test-nvgre-path-error.c \
	tests/test-nvgre-too-big.c \
	tests/test-nvgre-foreign.c \
	tests/test-nvgre-probe.c \
	tests/test-nvgre-tunnels.c \
	tests/test-nvgre-util.c \
	tests/test-nvgre-util.h \
	tests/test-nvgre.c

EXTRA_DIST += tests/mutants tests/mutate

## check-mutants: check that the unit tests notice when a check is broken
.PHONY: check-mutants
check-mutants: tests/hnvtest tests/testsuite
	@$(PYTHON3) '$(srcdir)/tests/mutate' --dir=_ovs/mutants \
	  --mutants='$(srcdir)/tests/mutants' --source='$(srcdir)/vswitchd-ext' \
	  --source='$(srcdir)/ofproto' \
	  --testsuite=tests/testsuite --path='$(OVS_TEST_PATH)' \
	  --compile='$(CC) $(AM_CPPFLAGS) $(CPPFLAGS) -O0' \
	  --link='$(LIBTOOL) --silent --tag=CC --mode=link $(CC) $(LDFLAGS)' \
	  --switch="`echo $(OVS_BUILD)/vswitchd/*.o` $(OVS_LIBOFPROTO) \
	    $(OVS_BUILD)/lib/libsflow.la $(OVS_LIB)" \
	  -- $(tests_hnvtest_OBJECTS) $(tests_hnvtest_LDADD)

clean-local: clean-mutants
.PHONY: clean-mutants
clean-mutants:
	rm -rf _ovs/mutants
