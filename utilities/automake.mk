# SPDX-License-Identifier: Apache-2.0

EXTRA_DIST += \
	$(wildcard $(srcdir)/utilities/hnv-*) \
	$(srcdir)/utilities/lint \
	utilities/nvgre.lua \
	utilities/ovs-build \
	utilities/ovs-patches \
	utilities/ovs-source
