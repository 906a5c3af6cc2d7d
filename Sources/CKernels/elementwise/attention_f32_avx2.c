#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "../vector/vec_math.h"
#include "elementwise_kernels.h"

#include <math.h>

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

#define TILE_ROWS 6
#define TILE_VECTORS 2
#define HALVES 0
#define DOT(x, w, sum) vf_fma(x, w, sum)
#include "attention_words.h"

void ck_self_attention_f32_avx2(const ck_self_attention *a) { self_attention(a); }

#pragma clang attribute pop
#endif
