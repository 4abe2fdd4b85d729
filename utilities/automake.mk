# SPDX-License-Identifier: Apache-2.0

# What authors of controllers start from.
examplesdir = $(docdir)/examples
dist_examples_DATA = \
	utilities/hnv_service_chain.py \
	utilities/nvgre_controller.py

EXTRA_DIST += \
	utilities/hnv-demo \
	utilities/hnv-sandbox \
	$(srcdir)/utilities/lint \
	utilities/nvgre.lua \
	utilities/ovs-build \
	utilities/ovs-patches \
	utilities/ovs-source

bin_PROGRAMS += utilities/hnv-ctl
utilities_hnv_ctl_SOURCES = \
	utilities/hnv-ctl-admin.c \
	utilities/hnv-ctl-check-ports.c \
	utilities/hnv-ctl-check-route.c \
	utilities/hnv-ctl-check.c \
	utilities/hnv-ctl-cmdlets-net.c \
	utilities/hnv-ctl-cmdlets-record.c \
	utilities/hnv-ctl-cmdlets.c \
	utilities/hnv-ctl-cmdlets.h \
	utilities/hnv-ctl-drops.c \
	utilities/hnv-ctl-dynamic.c \
	utilities/hnv-ctl-explain.c \
	utilities/hnv-ctl-explain.h \
	utilities/hnv-ctl-follow.c \
	utilities/hnv-ctl-follow.h \
	utilities/hnv-ctl-hosts.c \
	utilities/hnv-ctl-import.c \
	utilities/hnv-ctl-list.c \
	utilities/hnv-ctl-names.c \
	utilities/hnv-ctl-networks.c \
	utilities/hnv-ctl-next-hop.c \
	utilities/hnv-ctl-oftrace.c \
	utilities/hnv-ctl-oftrace.h \
	utilities/hnv-ctl-packet.c \
	utilities/hnv-ctl-packet.h \
	utilities/hnv-ctl-parser-text.c \
	utilities/hnv-ctl-parser.c \
	utilities/hnv-ctl-parser.h \
	utilities/hnv-ctl-policy.c \
	utilities/hnv-ctl-pools.c \
	utilities/hnv-ctl-ports.c \
	utilities/hnv-ctl-records.c \
	utilities/hnv-ctl-rows.c \
	utilities/hnv-ctl-script.c \
	utilities/hnv-ctl-script.h \
	utilities/hnv-ctl-show.c \
	utilities/hnv-ctl-switch.c \
	utilities/hnv-ctl-switch.h \
	utilities/hnv-ctl-trace-judge.c \
	utilities/hnv-ctl-trace-print.c \
	utilities/hnv-ctl-trace.c \
	utilities/hnv-ctl-trace.h \
	utilities/hnv-ctl-values.c \
	utilities/hnv-ctl-verdict.h \
	utilities/hnv-ctl.c \
	utilities/hnv-ctl.h
utilities_hnv_ctl_LDADD = ofproto/libhnv.la $(OVS_LIB)

dist_man_MANS += utilities/hnv-ctl.8
EXTRA_DIST += utilities/hnv-sandbox.8

# Where bash-completion looks for a file with the name of the command.
bashcompletiondir = $(datadir)/bash-completion/completions
EXTRA_DIST += utilities/hnv-ctl-completion.bash
install-data-local: install-completion
uninstall-local: uninstall-completion
.PHONY: install-completion uninstall-completion
install-completion:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) '$(srcdir)/utilities/hnv-ctl-completion.bash' \
		'$(DESTDIR)$(bashcompletiondir)/hnv-ctl'
uninstall-completion:
	rm -f '$(DESTDIR)$(bashcompletiondir)/hnv-ctl'

# Services for systemd, which looks below /usr/local, too.  Their directories
# are those that Open vSwitch was configured for.
systemdunitdir = $(prefix)/lib/systemd/system
systemdunit_DATA = utilities/systemd/hnv-agent.service \
	utilities/systemd/hnv-db.service
EXTRA_DIST += $(systemdunit_DATA:=.in)
CLEANFILES += $(systemdunit_DATA)
$(systemdunit_DATA): %: %.in | $(OVS_LIB)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && prefix='$(prefix)' && \
	PACKAGE=openvswitch && sysconfdir='$(sysconfdir)' && \
	localstatedir='$(localstatedir)' && \
	eval "`$(SED) -n 's/^\(RUN\|LOG\|DB\)DIR = \(.*\)$$/\1DIR=\2/p' \
		'$(OVS_BUILD)/Makefile'`" && \
	$(SED) -e "s|[@]rundir@|$$RUNDIR|g" -e "s|[@]dbdir@|$$DBDIR|g" \
		-e "s|[@]logdir@|$$LOGDIR|g" -e 's|[@]sbindir@|$(sbindir)|g' \
		$< > $@.tmp && mv $@.tmp $@
