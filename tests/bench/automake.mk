# SPDX-License-Identifier: Apache-2.0
#
# Benchmarks in C, which are commands of tests/hnvtest.

HNVTEST_SOURCES += \
	tests/bench/bench-churn.c \
	tests/bench/bench-datapath.c \
	tests/bench/bench-entropy.c \
	tests/bench/bench-push.c \
	tests/bench/bench-tunnel.c \
	tests/bench/bench-tunnel.h \
	tests/bench/netdev-bench.c \
	tests/bench/netdev-bench.h
