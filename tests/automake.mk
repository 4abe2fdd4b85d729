# SPDX-License-Identifier: Apache-2.0

EXTRA_DIST += \
	$(wildcard $(srcdir)/tests/*.at) \
	$(wildcard $(srcdir)/tests/*.py) \
	$(wildcard $(srcdir)/tests/*.json $(srcdir)/tests/*.cases) \
	$(wildcard $(srcdir)/tests/golden/*) \
	$(wildcard $(addprefix $(srcdir)/tests/,bench fuzz mutants \
		mutate nvgrepeer peers)) \
	tests/check-ovs

# One program for all unit tests in C, so that it is linked only once.
HNVTEST_SOURCES =
include tests/hnvtest.mk
include tests/bench/automake.mk
noinst_PROGRAMS += tests/hnvtest
tests_hnvtest_SOURCES = tests/hnvtest.c tests/hnvtest.h $(HNVTEST_SOURCES)
tests_hnvtest_LDADD = ofproto/libhnv.la $(OVS_LIBOFPROTO) $(OVS_LIB)

## fuzz: fuzz each target for FUZZ_TIME seconds (default: 60)
FUZZ_TIME = 60
FUZZ_TARGETS =
include tests/fuzz/automake.mk

# The test suites use the macros of the patched Open vSwitch's own suite.
TESTSUITE_M4 = $(OVS_SRC)/tests/ovs-macros.at
AUTOTEST = $(AUTOM4TE) --language=autotest -I tests -I '$(srcdir)' \
	-I '$(OVS_SRC)'
AUTOTEST_PATH = tests:utilities:ofproto
OVS_TEST_PATH = $(OVS_BUILD)/utilities:$(OVS_BUILD)/vswitchd:$(OVS_BUILD)/ovsdb:$(OVS_BUILD)/vtep:$(OVS_BUILD)/tests
CLEANFILES += tests/package.m4 tests/testsuite tests/system-testsuite

tests/package.m4: config.status
	$(AM_V_GEN)printf 'm4_define([AT_PACKAGE_%s], [%s])\n' \
		NAME '$(PACKAGE_NAME)' TARNAME '$(PACKAGE_TARNAME)' \
		VERSION '$(PACKAGE_VERSION)' STRING '$(PACKAGE_STRING)' \
		BUGREPORT '$(PACKAGE_BUGREPORT)' URL '$(PACKAGE_URL)' > $@

tests/testsuite tests/system-testsuite: \
		tests/package.m4 $(wildcard $(srcdir)/tests/*.at) $(TESTSUITE_M4)
	$(AM_V_GEN)$(AUTOTEST) -o $@.tmp '$(srcdir)/$@.at' && mv $@.tmp $@

# A leading assignment in TEST_ENV changes how a suite below is run.
RUN_TESTSUITE = $(SHELL) tests/$(1) -C tests \
	AUTOTEST_PATH='$(2)$(AUTOTEST_PATH):$(OVS_TEST_PATH)'

## check: our tests, without root
check-local: tests/testsuite
	$(call RUN_TESTSUITE,testsuite) $(TESTSUITEFLAGS)

## golden: write tests/golden again, after a meant change of the compiler
.PHONY: golden
golden: tests/hnvtest
	PATH="$(abs_builddir)/tests:$$PATH" \
	  $(PYTHON3) '$(srcdir)/tests/hnv-golden.py' --renew

## check-system: our tests with real network namespaces (root)
.PHONY: check-system
check-system: all tests/system-testsuite
	@test `id -u` = 0 || { \
	  echo 'check-system needs root: run "sudo make $@"' >&2; exit 1; }
	$(call RUN_TESTSUITE,system-testsuite) $(TESTSUITEFLAGS) -j1

## check-peers: our tests against other systems' kernels (root)
.PHONY: check-peers
check-peers: all
	@test `id -u` = 0 || { \
	  echo 'check-peers needs root: run "sudo make $@"' >&2; exit 1; }
	@if test -x '$(srcdir)/tests/peers/run'; then \
	  OVS_BUILD='$(OVS_BUILD)' PYTHON3='$(PYTHON3)' \
	    '$(abs_srcdir)/tests/peers/run'; \
	else \
	  echo 'check-peers: nothing to run: 0 passed, 0 failed'; \
	fi

## check-ovs: Open vSwitch's own tests; fails on what the patches break
# CHECK_OVS=reach leaves out the tests that no patch can reach.
CHECK_OVS = all
.PHONY: check-ovs
check-ovs: all
	+@MAKE='$(MAKE)' $(PYTHON3) '$(srcdir)/tests/check-ovs' --dir=_ovs \
	  --scope='$(CHECK_OVS)' --jobs='$(CHECK_OVS_JOBS)' \
	  --plain="MAKE='$(MAKE)' '$(UTILITIES)/ovs-build' --plain \
	    --dir=_ovs/plain --source='$(OVS_SOURCE)' -- $(OVS_CONFIGURE_ARGS)"

## check-asan: our tests, all code with address and undefined sanitizers
ASAN_CFLAGS = -O1 -g -fno-omit-frame-pointer -fno-common \
	-fsanitize=address,undefined
.PHONY: check-asan
check-asan:
	@$(MKDIR_P) _ovs/asan/build
	$(MAKE) distdir distdir=_ovs/asan/src
	cd _ovs/asan/build && { test -f Makefile || ../src/configure \
	  --with-ovs-source='$(OVS_SOURCE)' CC='$(CC)' \
	  CFLAGS='$(ASAN_CFLAGS)'; }
	$(MAKE) -C _ovs/asan/build check

## bench: measure, compare with tests/bench/expected.json, write a chart
# BENCH=push,datapath selects; BENCH_OUT=FILE, without ending, is where to;
# OVN=DIR is where OVN's packages were unpacked, if they are not installed.
BENCH =
BENCH_OUT = bench
OVN =
RUN_BENCH = $(PYTHON3) '$(srcdir)/tests/bench/run' --hnvtest=tests/hnvtest \
	--ovs='$(OVS)' --ovn='$(OVN)' --json='$(BENCH_OUT).json' \
	--svg='$(BENCH_OUT).svg'
.PHONY: bench bench-reference
bench: all tests/hnvtest
	@$(RUN_BENCH) --only='$(BENCH)'

## bench-reference: measure, and make that what bench expects and docs say
bench-reference: all tests/hnvtest
	@$(RUN_BENCH) --reference

## check-valgrind: our tests, all programs under valgrind
VALGRIND_WRAPPERS = $(addprefix tests/valgrind/,ovs-appctl ovs-ofctl \
	ovs-vsctl ovs-vswitchd ovsdb-client ovsdb-server ovsdb-tool)
VALGRIND = valgrind --log-file=valgrind.%p --leak-check=full \
	--track-origins=yes --num-callers=20 --error-exitcode=99 \
	--suppressions=$(OVS_SRC)/tests/glibc.supp \
	--suppressions=$(OVS_SRC)/tests/openssl.supp
.PHONY: check-valgrind
check-valgrind: all tests/testsuite
	$(MAKE) -C $(OVS_BUILD) $(VALGRIND_WRAPPERS)
	$(call RUN_TESTSUITE,testsuite,$(OVS_BUILD)/tests/valgrind:) -d \
	  CHECK_VALGRIND=true VALGRIND='$(VALGRIND)' $(TESTSUITEFLAGS)
	@echo 'Reports: tests/testsuite.dir/*/valgrind.*'
