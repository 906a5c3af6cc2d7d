#pragma once

#include "ck_level.h"

typedef struct {
    int reserved;
} ck_distance_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_distance(ck_level level, ck_distance_table *table);
