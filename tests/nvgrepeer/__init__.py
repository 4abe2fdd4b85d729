# SPDX-License-Identifier: Apache-2.0
"""An NVGRE endpoint that shares no code with the one it is used to test."""
