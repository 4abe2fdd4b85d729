# SPDX-License-Identifier: Apache-2.0

# What authors of controllers start from.
examplesdir = $(docdir)/examples
dist_examples_DATA = utilities/nvgre_controller.py

EXTRA_DIST += \
	$(wildcard $(srcdir)/utilities/hnv-*) \
	$(srcdir)/utilities/lint \
	utilities/nvgre.lua \
	utilities/ovs-build \
	utilities/ovs-patches \
	utilities/ovs-source
