#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "../vector/vec_math.h"
#include "elementwise_kernels.h"

#include <math.h>

#define TILE_ROWS 6
#define TILE_VECTORS 4
#define HALVES 0
#define DOT(x, w, sum) vf_fma(x, w, sum)
#include "attention_words.h"

void ck_self_attention_f32_neon(const ck_self_attention *a) { self_attention(a); }
#endif
