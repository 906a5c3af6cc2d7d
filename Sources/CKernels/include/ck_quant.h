#pragma once

#include "ck_level.h"

typedef struct {
    int reserved;
} ck_quant_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_quant(ck_level level, ck_quant_table *table);
