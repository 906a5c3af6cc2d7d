#if defined(__x86_64__)
#include "../vector/vec_avx512.h"
#include "../vector/vec_math.h"
#include "elementwise_kernels.h"

#include <math.h>

#pragma clang attribute push(__attribute__((target(VF_TARGET ",avx512bf16"))), apply_to = function)

#define TILE_ROWS 12
#define TILE_VECTORS 2
#define HALVES 1
#define DOT(x, w, sum) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(w))
#include "attention_words.h"

void ck_self_attention_bf16_avx512bf16(const ck_self_attention *a) { self_attention(a); }

#pragma clang attribute pop
#endif
