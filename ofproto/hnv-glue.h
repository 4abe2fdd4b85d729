/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_GLUE_H
#define HNV_GLUE_H 1

/* What the modules of hnv-agent ask of each other
 * ===============================================
 *
 * What
 * ----
 *
 * The modules do not know each other: each has a structure of functions that
 * its owner provides.  Here are these functions, which all take a struct
 * hnv_engine as 'aux' and pass the call on to another of its modules.
 *
 *
 * What not
 * --------
 *
 * No function here decides anything.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

extern const struct hnv_feed_handler hnv_glue_feed;
extern const struct hnv_records_handler hnv_glue_records;
extern const struct hnv_ofconn_handler hnv_glue_ofconn;
extern const struct hnv_packet_in_handler hnv_glue_packet_in;
extern const struct hnv_lazy_handler hnv_glue_lazy;

#endif /* hnv-glue.h */
