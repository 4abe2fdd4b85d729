# SPDX-License-Identifier: Apache-2.0

# Included by Open vSwitch's Makefile.am (see ovs-patches/), whose automake
# compiles what is listed here into libopenvswitch.

AM_CPPFLAGS += -I $(top_srcdir)/vswitchd-ext

lib_libopenvswitch_la_SOURCES += \
	vswitchd-ext/netdev-nvgre.c \
	vswitchd-ext/netdev-nvgre.h \
	vswitchd-ext/nvgre-coexist.c \
	vswitchd-ext/nvgre-coexist.h \
	vswitchd-ext/nvgre-compat.h \
	vswitchd-ext/nvgre-config.c \
	vswitchd-ext/nvgre-counters.c \
	vswitchd-ext/nvgre-counters.h \
	vswitchd-ext/nvgre-csum.c \
	vswitchd-ext/nvgre-csum.h \
	vswitchd-ext/nvgre-drops.h \
	vswitchd-ext/nvgre-ecn.c \
	vswitchd-ext/nvgre-ecn.h \
	vswitchd-ext/nvgre-echo.c \
	vswitchd-ext/nvgre-echo.h \
	vswitchd-ext/nvgre-egress.c \
	vswitchd-ext/nvgre-egress.h \
	vswitchd-ext/nvgre-entropy.c \
	vswitchd-ext/nvgre-entropy.h \
	vswitchd-ext/nvgre-execute.c \
	vswitchd-ext/nvgre-execute.h \
	vswitchd-ext/nvgre-export.c \
	vswitchd-ext/nvgre-export.h \
	vswitchd-ext/nvgre-field.c \
	vswitchd-ext/nvgre-field.h \
	vswitchd-ext/nvgre-fragment.c \
	vswitchd-ext/nvgre-fragment.h \
	vswitchd-ext/nvgre-gateway.c \
	vswitchd-ext/nvgre-gateway.h \
	vswitchd-ext/nvgre-foreign-frames.c \
	vswitchd-ext/nvgre-foreign-frames.h \
	vswitchd-ext/nvgre-foreign.c \
	vswitchd-ext/nvgre-foreign.h \
	vswitchd-ext/nvgre-gro.c \
	vswitchd-ext/nvgre-gro.h \
	vswitchd-ext/nvgre-groups.c \
	vswitchd-ext/nvgre-groups.h \
	vswitchd-ext/nvgre-guard.c \
	vswitchd-ext/nvgre-guard.h \
	vswitchd-ext/nvgre-hooks.c \
	vswitchd-ext/nvgre-hooks.h \
	vswitchd-ext/nvgre-icmp.c \
	vswitchd-ext/nvgre-icmp.h \
	vswitchd-ext/nvgre-membership.c \
	vswitchd-ext/nvgre-membership.h \
	vswitchd-ext/nvgre-mtu.c \
	vswitchd-ext/nvgre-mtu.h \
	vswitchd-ext/nvgre-offload.c \
	vswitchd-ext/nvgre-offload.h \
	vswitchd-ext/nvgre-outdated.c \
	vswitchd-ext/nvgre-outdated.h \
	vswitchd-ext/nvgre-options.c \
	vswitchd-ext/nvgre-options.h \
	vswitchd-ext/nvgre-packet.h \
	vswitchd-ext/nvgre-path-error.c \
	vswitchd-ext/nvgre-path-error.h \
	vswitchd-ext/nvgre-path.c \
	vswitchd-ext/nvgre-path.h \
	vswitchd-ext/nvgre-peers.c \
	vswitchd-ext/nvgre-peers.h \
	vswitchd-ext/nvgre-pmtu.c \
	vswitchd-ext/nvgre-pmtu.h \
	vswitchd-ext/nvgre-pop.c \
	vswitchd-ext/nvgre-probe.c \
	vswitchd-ext/nvgre-probe.h \
	vswitchd-ext/nvgre-push.c \
	vswitchd-ext/nvgre-resolve.c \
	vswitchd-ext/nvgre-resolve.h \
	vswitchd-ext/nvgre-selftest-command.c \
	vswitchd-ext/nvgre-selftest-report.c \
	vswitchd-ext/nvgre-selftest.c \
	vswitchd-ext/nvgre-selftest.h \
	vswitchd-ext/nvgre-send.c \
	vswitchd-ext/nvgre-send.h \
	vswitchd-ext/nvgre-suspicion.c \
	vswitchd-ext/nvgre-suspicion.h \
	vswitchd-ext/nvgre-too-big.c \
	vswitchd-ext/nvgre-too-big.h \
	vswitchd-ext/nvgre-tunnels.c \
	vswitchd-ext/nvgre-tunnels.h \
	vswitchd-ext/nvgre-unixctl.c \
	vswitchd-ext/nvgre-unixctl.h \
	vswitchd-ext/nvgre.c \
	vswitchd-ext/nvgre.h
