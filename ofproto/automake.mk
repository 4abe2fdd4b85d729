# SPDX-License-Identifier: Apache-2.0

EXTRA_DIST += ofproto/README.md ofproto/hnv-idl.ann

# The schema of the policy database.
pkgdata_DATA += ofproto/hnv.ovsschema
EXTRA_DIST += ofproto/hnv.ovsschema

# Everything that reads or writes the policy database links this.
noinst_LTLIBRARIES += ofproto/libhnv.la
ofproto_libhnv_la_SOURCES = \
	ofproto/hnv-acl.c \
	ofproto/hnv-arp.c \
	ofproto/hnv-ask.h \
	ofproto/hnv-classify.c \
	ofproto/hnv-compile.c \
	ofproto/hnv-compile.h \
	ofproto/hnv-controllers.h \
	ofproto/hnv-deliver.c \
	ofproto/hnv-draft.c \
	ofproto/hnv-draft.h \
	ofproto/hnv-drop.c \
	ofproto/hnv-encap.c \
	ofproto/hnv-errors.c \
	ofproto/hnv-errors.h \
	ofproto/hnv-finish.c \
	ofproto/hnv-flood.c \
	ofproto/hnv-flows.c \
	ofproto/hnv-flows.h \
	ofproto/hnv-host.c \
	ofproto/hnv-host.h \
	ofproto/hnv-lookup.c \
	ofproto/hnv-pass.c \
	ofproto/hnv-peers.c \
	ofproto/hnv-peers.h \
	ofproto/hnv-pipeline.c \
	ofproto/hnv-pipeline.h \
	ofproto/hnv-policy-acl.c \
	ofproto/hnv-policy-dynamic.c \
	ofproto/hnv-policy-l2.c \
	ofproto/hnv-policy-ports.c \
	ofproto/hnv-policy-private.h \
	ofproto/hnv-policy-routes.c \
	ofproto/hnv-policy-subnets.c \
	ofproto/hnv-policy.c \
	ofproto/hnv-policy.h \
	ofproto/hnv-quote.c \
	ofproto/hnv-quote.h \
	ofproto/hnv-record.c \
	ofproto/hnv-record.h \
	ofproto/hnv-rewrite.c \
	ofproto/hnv-route.c \
	ofproto/hnv-rows.c \
	ofproto/hnv-rows.h \
	ofproto/hnv-security.c \
	ofproto/hnv-source-pa.c \
	ofproto/hnv-source.c \
	ofproto/hnv-tables.h \
	ofproto/hnv-values.c \
	ofproto/hnv-values.h
nodist_ofproto_libhnv_la_SOURCES = ofproto/hnv-idl.c ofproto/hnv-idl.h

# Open vSwitch's programs that make C and manual pages from a schema.
RUN_OVS = PYTHONPATH='$(OVS_SRC)/python' PYTHONDONTWRITEBYTECODE=yes \
	$(PYTHON3)
OVSDB_IDLC = $(OVS_SRC)/ovsdb/ovsdb-idlc.in
$(OVSDB_IDLC):
	+@$(MAKE) ovs

HNV_IDL = ofproto/hnv-idl.ovsidl ofproto/hnv-idl.c ofproto/hnv-idl.h
BUILT_SOURCES += $(HNV_IDL)
CLEANFILES += $(HNV_IDL)
ofproto/hnv-idl.ovsidl: ofproto/hnv.ovsschema ofproto/hnv-idl.ann \
		| $(OVSDB_IDLC)
	$(AM_V_GEN)$(MKDIR_P) ofproto && \
	$(RUN_OVS) $(OVSDB_IDLC) annotate '$(srcdir)/ofproto/hnv.ovsschema' \
		'$(srcdir)/ofproto/hnv-idl.ann' > $@.tmp && mv $@.tmp $@
ofproto/hnv-idl.c: ofproto/hnv-idl.ovsidl
	$(AM_V_GEN)$(RUN_OVS) $(OVSDB_IDLC) c-idl-source $< > $@.tmp && \
	mv $@.tmp $@
ofproto/hnv-idl.h: ofproto/hnv-idl.ovsidl
	$(AM_V_GEN)$(RUN_OVS) $(OVSDB_IDLC) c-idl-header $< > $@.tmp && \
	mv $@.tmp $@

# hnv(5), which fails to build if it leaves out a table or a column.
man_MANS += ofproto/hnv.5
EXTRA_DIST += ofproto/hnv.xml
CLEANFILES += ofproto/hnv.5
ofproto/hnv.5: ofproto/hnv.ovsschema ofproto/hnv.xml | $(OVSDB_IDLC)
	$(AM_V_GEN)$(MKDIR_P) ofproto && \
	$(RUN_OVS) $(OVS_SRC)/ovsdb/ovsdb-doc --version='$(PACKAGE_VERSION)' \
		'$(srcdir)/ofproto/hnv.ovsschema' '$(srcdir)/ofproto/hnv.xml' \
		| $(SED) '/^\.TH/s/"Open vSwitch \(Manual\)*/"ovs-hnv \1/g' \
		> $@.tmp && test -s $@.tmp && mv $@.tmp $@

# What hnv-agent is made of, besides the policy and its compiler.
ofproto_libhnv_la_SOURCES += \
	ofproto/hnv-bindings.c \
	ofproto/hnv-bindings.h \
	ofproto/hnv-budget.c \
	ofproto/hnv-budget.h \
	ofproto/hnv-bundles.c \
	ofproto/hnv-bundles.h \
	ofproto/hnv-db.c \
	ofproto/hnv-db.h \
	ofproto/hnv-delta.c \
	ofproto/hnv-delta.h \
	ofproto/hnv-digest.c \
	ofproto/hnv-digest.h \
	ofproto/hnv-engine.c \
	ofproto/hnv-engine.h \
	ofproto/hnv-feed.c \
	ofproto/hnv-feed.h \
	ofproto/hnv-glue.c \
	ofproto/hnv-glue.h \
	ofproto/hnv-icmp.c \
	ofproto/hnv-icmp.h \
	ofproto/hnv-installer.c \
	ofproto/hnv-installer.h \
	ofproto/hnv-lazy.c \
	ofproto/hnv-lazy.h \
	ofproto/hnv-lazy-private.h \
	ofproto/hnv-lazy-requests.c \
	ofproto/hnv-learn.c \
	ofproto/hnv-learn.h \
	ofproto/hnv-misfits.c \
	ofproto/hnv-misfits.h \
	ofproto/hnv-moves.c \
	ofproto/hnv-moves.h \
	ofproto/hnv-multicast.c \
	ofproto/hnv-multicast.h \
	ofproto/hnv-ofconn.c \
	ofproto/hnv-ofconn.h \
	ofproto/hnv-acl-log.c \
	ofproto/hnv-acl-log.h \
	ofproto/hnv-timeouts.c \
	ofproto/hnv-timeouts.h \
	ofproto/hnv-zones.c \
	ofproto/hnv-zones.h \
	ofproto/hnv-ovs.c \
	ofproto/hnv-ovs.h \
	ofproto/hnv-packet-in.c \
	ofproto/hnv-packet-in.h \
	ofproto/hnv-raw.c \
	ofproto/hnv-raw.h \
	ofproto/hnv-records.c \
	ofproto/hnv-records.h \
	ofproto/hnv-report.c \
	ofproto/hnv-report.h \
	ofproto/hnv-requests.c \
	ofproto/hnv-requests.h \
	ofproto/hnv-show.c \
	ofproto/hnv-show.h \
	ofproto/hnv-snapshot.c \
	ofproto/hnv-snapshot.h \
	ofproto/hnv-stages.c \
	ofproto/hnv-stages.h \
	ofproto/hnv-tls.c \
	ofproto/hnv-tls.h \
	ofproto/hnv-units.c \
	ofproto/hnv-units.h

sbin_PROGRAMS += ofproto/hnv-agent
ofproto_hnv_agent_SOURCES = ofproto/hnv-agent.c
ofproto_hnv_agent_LDADD = ofproto/libhnv.la $(OVS_LIB)
dist_man_MANS += ofproto/hnv-agent.8 ofproto/hnv-architecture.7

# The manual page of the pipeline comes from the header that owns it.
man_MANS += ofproto/hnv-pipeline.7
EXTRA_DIST += ofproto/hnv-pipeline-man
CLEANFILES += ofproto/hnv-pipeline.7
ofproto/hnv-pipeline.7: ofproto/hnv-pipeline.h ofproto/hnv-controllers.h \
	ofproto/hnv-pipeline-man
	$(AM_V_GEN)$(MKDIR_P) ofproto && \
	$(PYTHON3) '$(srcdir)/ofproto/hnv-pipeline-man' \
		'$(srcdir)/ofproto/hnv-pipeline.h' \
		'$(srcdir)/ofproto/hnv-controllers.h' '$(PACKAGE_VERSION)' > $@.tmp && \
	mv $@.tmp $@
