# SPDX-License-Identifier: Apache-2.0
#
# Fuzz targets and the rule for "make fuzz".

FUZZ_TARGETS += hnv_icmp hnv_quote nvgre_ecn nvgre_foreign nvgre_options \
	nvgre_parse nvgre_path_error nvgre_pop nvgre_probe nvgre_push nvgre_too_big

# For the tests, the targets are commands of hnvtest that replay the corpus.
HNVTEST_SOURCES += \
	tests/fuzz/fuzz.h \
	tests/fuzz/hnv_icmp_target.c \
	tests/fuzz/hnv_quote_target.c \
	tests/fuzz/nvgre_ecn_target.c \
	tests/fuzz/nvgre_foreign_target.c \
	tests/fuzz/nvgre_options_target.c \
	tests/fuzz/nvgre_parse_target.c \
	tests/fuzz/nvgre_path_error_target.c \
	tests/fuzz/nvgre_pop_target.c \
	tests/fuzz/nvgre_probe_target.c \
	tests/fuzz/nvgre_push_target.c \
	tests/fuzz/nvgre_too_big_target.c \
	tests/fuzz/replay.c

# For fuzzing, clang compiles the targets, vswitchd-ext/, and what of ofproto/
# reads packets; the rest of Open vSwitch is the library that is there anyway.
FUZZ_CC = clang
FUZZ_SANITIZE = -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_CFLAGS = -g -O1 -fno-omit-frame-pointer $(FUZZ_SANITIZE) \
	-DFUZZING -Wno-everything
FUZZ_FLAGS = -max_len=512 -timeout=10 -print_final_stats=1
FUZZ_DIR = _ovs/fuzz
FUZZ_EXT = $(patsubst %.c,$(FUZZ_DIR)/%.o,$(notdir \
	$(wildcard $(srcdir)/vswitchd-ext/*.c))) \
	$(FUZZ_DIR)/hnv-icmp.o $(FUZZ_DIR)/hnv-quote.o

$(FUZZ_DIR)/%.o: $(srcdir)/vswitchd-ext/%.c \
		$(wildcard $(srcdir)/vswitchd-ext/*.h)
	@$(MKDIR_P) $(FUZZ_DIR)
	$(AM_V_CC)$(FUZZ_CC) $(AM_CPPFLAGS) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link -c -o $@ $<
$(FUZZ_DIR)/%.o: $(srcdir)/ofproto/%.c $(srcdir)/ofproto/%.h
	@$(MKDIR_P) $(FUZZ_DIR)
	$(AM_V_CC)$(FUZZ_CC) $(AM_CPPFLAGS) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link -c -o $@ $<
$(FUZZ_DIR)/%_target.o: $(srcdir)/tests/fuzz/%_target.c \
		$(srcdir)/tests/fuzz/fuzz.h
	@$(MKDIR_P) $(FUZZ_DIR)
	$(AM_V_CC)$(FUZZ_CC) $(AM_CPPFLAGS) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link -c -o $@ $<
$(FUZZ_DIR)/%_fuzzer: $(FUZZ_DIR)/%_target.o $(FUZZ_EXT) $(OVS_LIB)
	$(AM_V_CCLD)$(LIBTOOL) $(AM_V_lt) --tag=CC --mode=link $(FUZZ_CC) \
		-fsanitize=fuzzer $(FUZZ_SANITIZE) -o $@ $^
.SECONDARY: $(FUZZ_TARGETS:%=$(FUZZ_DIR)/%_target.o) $(FUZZ_EXT)

# What a target finds interesting stays in _ovs/fuzz/TARGET for the next run.
.PHONY: fuzz
fuzz: $(FUZZ_TARGETS:%=$(FUZZ_DIR)/%_fuzzer)
	@set -e; for target in $(FUZZ_TARGETS); do \
	  echo "fuzz: $$target for $(FUZZ_TIME) s"; \
	  $(MKDIR_P) $(FUZZ_DIR)/$$target; \
	  $(FUZZ_DIR)/$${target}_fuzzer $(FUZZ_FLAGS) \
	    -max_total_time=$(FUZZ_TIME) \
	    -artifact_prefix=$(FUZZ_DIR)/$$target- $(FUZZ_DIR)/$$target \
	    '$(srcdir)'/tests/fuzz/corpus/$$target \
	    > $(FUZZ_DIR)/$$target.log 2>&1 \
	    || { cat $(FUZZ_DIR)/$$target.log; \
	         echo "fuzz: $$target failed" >&2; exit 1; }; \
	  sed -n 's/^stat::number_of_executed_units: */  inputs: /p' \
	    $(FUZZ_DIR)/$$target.log; \
	done

# Takes what "make fuzz" found, as far as it reaches code that the corpus in
# the source does not reach.
.PHONY: fuzz-merge
fuzz-merge: $(FUZZ_TARGETS:%=$(FUZZ_DIR)/%_fuzzer)
	@for target in $(FUZZ_TARGETS); do \
	  $(FUZZ_DIR)/$${target}_fuzzer -merge=1 -max_len=512 \
	    '$(srcdir)'/tests/fuzz/corpus/$$target $(FUZZ_DIR)/$$target \
	    2>&1 | grep -E 'MERGE-OUTER: [0-9]+ new files' || exit 1; \
	done
