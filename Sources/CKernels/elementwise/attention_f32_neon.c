#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "../vector/vec_math.h"
#include "elementwise_kernels.h"

#include <math.h>

#define TILE_ROWS 6
#define TILE_VECTORS 4
#include "attention_f32.h"

void ck_self_attention_f32_neon(const ck_self_attention *a) {
    if (a->head_size % CK_KEY_PANEL != 0) {
        ck_self_attention_f32_scalar(a);
        return;
    }
    self_attention(a);
}
#endif
