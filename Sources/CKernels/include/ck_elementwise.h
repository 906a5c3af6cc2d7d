#pragma once

#include "ck_level.h"

typedef struct {
    int reserved;
} ck_elementwise_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_elementwise(ck_level level, ck_elementwise_table *table);
