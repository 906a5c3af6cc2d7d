// Products in plain C: what every other level must agree with.
#include "quant_kernels.h"

static float load_f32(const void *p, size_t i) { return ((const float *)p)[i]; }
static float load_f16(const void *p, size_t i) { return ck_half_to_float(((const uint16_t *)p)[i]); }
static float load_bf16(const void *p, size_t i) { return ck_bits_to_float((uint32_t)((const uint16_t *)p)[i] << 16); }

static float load_i8(const void *p, size_t i) { return ((const int8_t *)p)[i]; }

// Even and odd columns are summed apart, as every level does.
#define CK_FLOAT_PRODUCT(type)                                                                     \
    void ck_product_##type##_scalar(const ck_product *p) {                                         \
        for (size_t t = 0; t < p->token_count; t++) {                                              \
            const float *x = (const float *)p->x + t * p->x_stride;                                \
            for (size_t r = 0; r < p->row_count; r++) {                                            \
                const void *panel = (const uint8_t *)p->panels + r / CK_PANEL_ROWS * p->panel_bytes; \
                float sum[2] = {0, 0};                                                             \
                for (size_t k = 0; k < p->column_count; k++)                                       \
                    sum[k & 1] += x[k] * load_##type(panel, k * CK_PANEL_ROWS + r % CK_PANEL_ROWS); \
                p->out[t * p->out_stride + r] = sum[0] + sum[1];                                   \
            }                                                                                      \
        }                                                                                          \
    }

CK_FLOAT_PRODUCT(f32)
CK_FLOAT_PRODUCT(f16)
CK_FLOAT_PRODUCT(bf16)
CK_FLOAT_PRODUCT(i8)

static float half_at(const uint8_t *halves, size_t i) { return ck_half_to_float(((const uint16_t *)halves)[i]); }

// The code of column i of a block: signed for q8_0, unsigned for the others.
static int32_t code_at(size_t values, const uint8_t *block, size_t lane, size_t i) {
    size_t byte = (i / 4 * CK_PANEL_ROWS + lane) * 4 + i % 4;
    if (values == 512) return block[byte];
    int32_t code = i < 16 ? block[byte] & 15 : block[byte - 256] >> 4;
    return values == 320 ? code | (block[256 + 4 * lane + i % 4] >> (i / 4) & 1) << 4 : code;
}

// Each 16 columns of a block have sums of their own; a type without scales of its own for them adds the sums up.
static float block_product(
    ck_weight_type type, const uint8_t *head, const uint8_t *block, size_t lane, const ck_q8_block *x) {
    size_t values = ck_layout(type).values;
    const uint8_t *scales = block + values;
    int32_t dot[2] = {0, 0};
    for (size_t i = 0; i < CK_QUANT_BLOCK; i++) {
        int32_t code = code_at(values, block, lane, i);
        dot[i / 16] += (type == CK_WEIGHT_Q8_0 ? (int8_t)code : code) * x->values[i];
    }
    int32_t sum = dot[0] + dot[1];
    float whole = half_at(scales, lane) * x->scale;
    switch (type) {
    case CK_WEIGHT_Q8_0: return (float)sum * whole;
    case CK_WEIGHT_Q4_0: return (float)(sum + x->minus_8_sum) * whole;
    case CK_WEIGHT_Q5_0: return (float)(sum + 2 * x->minus_8_sum) * whole;
    case CK_WEIGHT_Q4_1:
    case CK_WEIGHT_Q5_1: return (float)sum * whole + half_at(scales + 32, lane) * x->scaled_sum;
    case CK_WEIGHT_Q4_K:
    case CK_WEIGHT_Q5_K:
        return (float)sum * (half_at(head, lane) * (float)scales[lane] * x->scale)
            - half_at(head + 32, lane) * (float)scales[16 + lane] * x->scaled_sum;
    case CK_WEIGHT_Q6_K: {
        float d = half_at(head, lane);
        return (float)(dot[0] + x->minus_32_low) * (d * (float)(int8_t)scales[lane]) * x->scale
            + (float)(dot[1] + x->minus_32_high) * (d * (float)(int8_t)scales[16 + lane]) * x->scale;
    }
    default: {
        float d = half_at(head, lane), dmin = half_at(head + 32, lane) * 0.03125f;
        return ((float)dot[0] * (d * (float)scales[lane]) + dmin * (float)scales[32 + lane] * (float)x->minus_32_low
                + (float)dot[1] * (d * (float)scales[16 + lane])
                + dmin * (float)scales[48 + lane] * (float)x->minus_32_high) * x->scale;
    }
    }
}

static void product_q(const ck_product *p, ck_weight_type type) {
    for (size_t t = 0; t < p->token_count; t++) {
        const ck_q8_block *x = (const ck_q8_block *)p->x + t * p->x_stride;
        for (size_t r = 0; r < p->row_count; r++) {
            const uint8_t *panel = (const uint8_t *)p->panels + r / CK_PANEL_ROWS * p->panel_bytes;
            float sum = 0;
            for (size_t b = 0; b < p->column_count / CK_QUANT_BLOCK; b++)
                sum += block_product(
                    type, panel + ck_head_offset(type, b), panel + ck_block_offset(type, b), r % CK_PANEL_ROWS, &x[b]);
            p->out[t * p->out_stride + r] = sum;
        }
    }
}

#define CK_SCALAR_PRODUCT(type, TYPE, level) \
    void ck_product_##type##_scalar(const ck_product *p) { product_q(p, CK_WEIGHT_##TYPE); }

CK_EACH_QUANT(CK_SCALAR_PRODUCT, scalar)
