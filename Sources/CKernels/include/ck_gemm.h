#pragma once

#include "ck_level.h"

typedef struct {
    int reserved;
} ck_gemm_table;

/// Fills `table` with the best kernels of this family that `level` allows.
void ck_fill_gemm(ck_level level, ck_gemm_table *table);
