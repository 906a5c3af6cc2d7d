#include "elementwise_kernels.h"

size_t ck_self_attention_scratch(size_t token_count, size_t head_size) {
    size_t padded = (token_count + CK_KEY_PANEL - 1) / CK_KEY_PANEL * CK_KEY_PANEL;
    size_t width = (head_size + CK_KEY_PANEL - 1) / CK_KEY_PANEL * CK_KEY_PANEL;
    return padded * head_size + token_count * width + CK_QUERY_ROWS * (padded + 16 + width + 16);
}

#define CK_USE(level)                                                                                                  \
    *table = (ck_elementwise_table) {                                                                                  \
        .add = ck_add_f32_##level, .layer_norm = ck_layer_norm_f32_##level,                                            \
        .self_attention = ck_self_attention_f32_##level, .self_attention_bf16 = ck_self_attention_bf16_##level,        \
        .mean_rows = ck_mean_rows_f32_##level, .normalize = ck_normalize_f32_##level,                                  \
    }

void ck_fill_elementwise(ck_level level, ck_elementwise_table *table) {
    CK_USE(scalar);
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level <= CK_LEVEL_AVX512_BF16) CK_USE(avx2);
    if (level >= CK_LEVEL_AVX512 && level <= CK_LEVEL_AVX512_BF16) CK_USE(avx512);
    if (level == CK_LEVEL_AVX512_BF16) table->self_attention_bf16 = ck_self_attention_bf16_avx512bf16;
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) CK_USE(neon);
#endif
}
