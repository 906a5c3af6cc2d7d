#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "../vector/vec_math.h"
#include "elementwise_kernels.h"

#include <math.h>

#define TILE_ROWS 4
#define TILE_VECTORS 4
#define HALVES 1
#define DOT(x, w, sum) vf_fma(vf_odd_bf16(x), vf_odd_bf16(w), vf_fma(vf_even_bf16(x), vf_even_bf16(w), sum))
#include "attention_words.h"

void ck_self_attention_bf16_neon(const ck_self_attention *a) { self_attention(a); }
#endif
