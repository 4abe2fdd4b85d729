/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb-data.h"
#include "util.h"

/* Rows as people read them: names instead of UUIDs, 10.0.0.9 before
 * 10.0.0.10. */

/* Appends what 'column' of 'row' holds, with names instead of UUIDs. */
void
hnv_ctl_cell(const struct ovsdb_idl_row *row,
             const struct ovsdb_idl_column *column, struct ds *ds)
{
    const struct ovsdb_datum *datum = ovsdb_idl_read(row, column);

    if (column->type.key.type != OVSDB_TYPE_UUID) {
        ovsdb_datum_to_bare(datum, &column->type, ds);
        return;
    }

    const struct hnv_ctl_noun *noun
        = hnv_ctl_noun_for_table(column->type.key.uuid.refTableName);
    for (size_t i = 0; i < datum->n; i++) {
        const struct ovsdb_idl_row *other
            = ovsdb_idl_get_row_for_uuid(row->table->idl, noun->table,
                                         &datum->keys[i].uuid);

        if (i) {
            ds_put_char(ds, ' ');
        }
        if (other) {
            hnv_ctl_cell(other, noun->id, ds);
        } else {
            ds_put_format(ds, UUID_FMT, UUID_ARGS(&datum->keys[i].uuid));
        }
    }
}

/* Makes the command's output a table of rows of 'noun'. */
struct table *
hnv_ctl_table(struct ctl_context *ctx, const struct hnv_ctl_noun *noun)
{
    ctx->table = xmalloc(sizeof *ctx->table);
    table_init(ctx->table);
    for (size_t i = 0; noun->columns[i]; i++) {
        table_add_column(ctx->table, "%s", noun->columns[i]->name);
    }
    return ctx->table;
}

/* Adds what 'column' of 'row' holds to the last row of 'table'. */
void
hnv_ctl_table_cell(struct table *table, const struct ovsdb_idl_row *row,
                   const struct ovsdb_idl_column *column)
{
    struct cell *cell = table_add_cell(table);

    if (column->type.key.type == OVSDB_TYPE_UUID) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        hnv_ctl_cell(row, column, &ds);
        cell->text = ds_steal_cstr(&ds);
    } else {
        cell->json = ovsdb_datum_to_json(ovsdb_idl_read(row, column),
                                         &column->type);
        cell->type = &column->type;
    }
}

void
hnv_ctl_table_add(struct table *table, const struct hnv_ctl_noun *noun,
                  const struct ovsdb_idl_row *row)
{
    table_add_row(table);
    for (size_t i = 0; noun->columns[i]; i++) {
        hnv_ctl_table_cell(table, row, noun->columns[i]);
    }
}

struct sortable {
    const struct ovsdb_idl_row *row;
    char *key;
};

static int
compare_sortables(const void *a_, const void *b_)
{
    const struct sortable *a = a_, *b = b_;

    return strverscmp(a->key, b->key);
}

/* Returns the rows of 'noun' in order, ended by a null pointer.  The caller
 * frees the array. */
const struct ovsdb_idl_row **
hnv_ctl_sorted(const struct ovsdb_idl *idl, const struct hnv_ctl_noun *noun)
{
    struct sortable *rows = NULL;
    size_t n = 0, allocated = 0;

    for (const struct ovsdb_idl_row *row
         = ovsdb_idl_first_row(idl, noun->table); row;
         row = ovsdb_idl_next_row(row)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        for (size_t i = 0; noun->columns[i] && i < 4; i++) {
            hnv_ctl_cell(row, noun->columns[i], &ds);
            ds_put_char(&ds, ' ');
        }
        if (n >= allocated) {
            rows = x2nrealloc(rows, &allocated, sizeof *rows);
        }
        rows[n++] = (struct sortable) { row, ds_steal_cstr(&ds) };
    }
    if (n) {
        qsort(rows, n, sizeof *rows, compare_sortables);
    }

    const struct ovsdb_idl_row **sorted = xmalloc((n + 1) * sizeof *sorted);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = rows[i].row;
        free(rows[i].key);
    }
    sorted[n] = NULL;
    free(rows);
    return sorted;
}

static bool
is_row(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
       const char *id)
{
    const struct ovsdb_idl_row *row = NULL;

    free(ctl_get_row(ctx, noun->table, id, false, &row));
    return row != NULL;
}

/* Nothing is to be listed of what the command's argument names.  That is an
 * error if the argument names nothing: an empty list would be an answer. */
static void
require_name(struct ctl_context *ctx, const struct hnv_ctl_noun *noun)
{
    const char *id = ctx->argv[1];
    const struct ovsdb_idl_column *first = noun->columns[0];
    const struct hnv_ctl_noun *own = noun;

    if (first->type.key.type == OVSDB_TYPE_UUID) {
        noun = hnv_ctl_noun_for_table(first->type.key.uuid.refTableName);
    } else if (first == &hnvrec_provider_address_col_host_name) {
        noun = &hnv_ctl_nouns[HNV_CTL_HOST];
    }
    if (is_row(ctx, noun, id)
        || is_row(ctx, &hnv_ctl_nouns[HNV_CTL_SUBNET], id)) {
        return;
    }
    if (noun != own && noun == &hnv_ctl_nouns[HNV_CTL_DOMAIN]) {
        ctl_error(ctx, "there is no routing domain or virtual subnet \"%s\"; "
                  "\"hnv-ctl subnet-list\" shows what there is", id);
    } else {
        hnv_ctl_get(ctx, noun, id);
    }
}

/* Lists all rows of 'noun', or those that have the command's argument, if
 * there is one, in one of the first three columns. */
void
hnv_ctl_list(struct ctl_context *ctx, const struct hnv_ctl_noun *noun)
{
    struct table *table = hnv_ctl_table(ctx, noun);
    const struct ovsdb_idl_row **rows = hnv_ctl_sorted(ctx->idl, noun);
    bool any = ctx->argc < 2;

    for (size_t i = 0; rows[i]; i++) {
        bool shown = ctx->argc < 2;

        for (size_t j = 0; !shown && j < 3 && noun->columns[j]; j++) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            hnv_ctl_cell(rows[i], noun->columns[j], &ds);
            shown = !strcmp(ds_cstr(&ds), ctx->argv[1]);
            ds_destroy(&ds);
        }
        if (shown) {
            hnv_ctl_table_add(table, noun, rows[i]);
            any = true;
        }
    }
    free(rows);
    if (!any) {
        require_name(ctx, noun);
    }
}

void
hnv_ctl_cmd_list(struct ctl_context *ctx)
{
    hnv_ctl_list(ctx, hnv_ctl_noun_of(ctx));
}
