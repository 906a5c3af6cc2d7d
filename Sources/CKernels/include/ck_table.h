// The table of kernels: one member per family, one family per folder beside this one.
#pragma once

#include "ck_distance.h"
#include "ck_elementwise.h"
#include "ck_gemm.h"
#include "ck_level.h"
#include "ck_quant.h"

typedef struct {
    ck_distance_table distance;
    ck_elementwise_table elementwise;
    ck_gemm_table gemm;
    ck_quant_table quant;
} ck_table;

/// The kernels of the level in use. Valid for the life of the process; read it once per operation, not per element.
const ck_table *ck_kernels(void);

/// The kernels of `level`, whichever is in use; null when this machine lacks it.
const ck_table *ck_kernels_at(ck_level level);
