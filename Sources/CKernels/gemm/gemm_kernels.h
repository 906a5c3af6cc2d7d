#pragma once

#include "ck_gemm.h"

void ck_gemm_f32_scalar(const ck_gemm *g);
void ck_gemm_f32_avx2(const ck_gemm *g);
void ck_gemm_f32_avx512(const ck_gemm *g);
void ck_gemm_f32_neon(const ck_gemm *g);
