// Chooses the decoder's kernels for a level: each level overrides what the one below it has.
#include "ck_table.h"
#include "quant_kernels.h"

#define CK_SET_PRODUCT(type, TYPE, level) table->product[CK_WEIGHT_##TYPE] = ck_product_##type##_##level;
#define CK_SET_PRODUCTS(level) CK_EACH_QUANT(CK_SET_PRODUCT, level)

#define CK_SET_ALL(level)                                     \
    CK_SET_PRODUCTS(level)                                    \
    table->product[CK_WEIGHT_F32] = ck_product_f32_##level;   \
    table->product[CK_WEIGHT_F16] = ck_product_f16_##level;   \
    table->product[CK_WEIGHT_BF16] = ck_product_bf16_##level; \
    table->quantize_q8 = ck_quantize_q8_##level;              \
    table->f16_to_f32 = ck_f16_to_f32_##level;                \
    table->f32_to_f16 = ck_f32_to_f16_##level;                \
    table->rms_norm = ck_rms_norm_##level;                    \
    table->silu_mul = ck_silu_mul_##level;                    \
    table->rope_pairs = ck_rope_pairs_##level;                \
    table->max_f32 = ck_max_f32_##level;                      \
    table->exp_sum = ck_exp_sum_##level;                      \
    table->gelu_mul = ck_gelu_mul_##level;                    \
    table->mul = ck_mul_##level;                              \
    table->product_i8 = ck_product_i8_##level;                \
    table->quantize_i8 = ck_quantize_i8_##level;              \
    table->add = ck_add_##level;

void ck_fill_quant(ck_level level, ck_quant_table *table) {
    CK_SET_ALL(scalar)
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level != CK_LEVEL_NEON) { CK_SET_ALL(avx2) }
    if (level >= CK_LEVEL_AVX512 && level != CK_LEVEL_NEON) { CK_SET_ALL(avx512) }
    if (level >= CK_LEVEL_AVX512_VNNI && level != CK_LEVEL_NEON) { CK_SET_PRODUCTS(avx512vnni) }
#else
    (void)level;
#endif
}

const ck_quant_table *ck_quant_kernels(void) { return &ck_kernels()->quant; }

const ck_quant_table *ck_quant_kernels_at(ck_level level) {
    const ck_table *table = ck_kernels_at(level);
    return table ? &table->quant : 0;
}

void ck_quant_product(const ck_quant_table *table, ck_weight_type type, const ck_product *p) {
    table->product[type](p);
}
