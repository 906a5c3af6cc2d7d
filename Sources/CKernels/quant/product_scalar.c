// Products in plain C: what every other level must agree with.
#include "quant_kernels.h"

static float load_f32(const void *p, size_t i) { return ((const float *)p)[i]; }
static float load_f16(const void *p, size_t i) { return ck_half_to_float(((const uint16_t *)p)[i]); }
static float load_bf16(const void *p, size_t i) { return ck_bits_to_float((uint32_t)((const uint16_t *)p)[i] << 16); }

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

static int32_t dot_q8(const uint8_t *values, size_t lane, const ck_q8_block *x) {
    int32_t sum = 0;
    for (size_t i = 0; i < CK_QUANT_BLOCK; i++)
        sum += (int8_t)values[(i / 4 * CK_PANEL_ROWS + lane) * 4 + i % 4] * x->values[i];
    return sum;
}

static int32_t dot_q4(const uint8_t *values, size_t lane, const ck_q8_block *x) {
    int32_t sum = 0;
    for (size_t i = 0; i < CK_QUANT_BLOCK / 2; i++) {
        uint8_t byte = values[(i / 4 * CK_PANEL_ROWS + lane) * 4 + i % 4];
        sum += (byte & 15) * x->values[i] + (byte >> 4) * x->values[i + CK_QUANT_BLOCK / 2];
    }
    return sum;
}

static float half_at(const uint8_t *halves, size_t i) { return ck_half_to_float(((const uint16_t *)halves)[i]); }

static void product_q(const ck_product *p, ck_weight_type type) {
    size_t blocks = p->column_count / CK_QUANT_BLOCK, bytes = type == CK_WEIGHT_Q8_0 ? 512 : 256;
    for (size_t t = 0; t < p->token_count; t++) {
        const ck_q8_block *x = (const ck_q8_block *)p->x + t * p->x_stride;
        for (size_t r = 0; r < p->row_count; r++) {
            const uint8_t *panel = (const uint8_t *)p->panels + r / CK_PANEL_ROWS * p->panel_bytes;
            size_t lane = r % CK_PANEL_ROWS;
            float sum = 0;
            for (size_t b = 0; b < blocks; b++) {
                const uint8_t *values = panel + b * bytes;
                int32_t dot = type == CK_WEIGHT_Q8_0 ? dot_q8(values, lane, &x[b]) : dot_q4(values, lane, &x[b]);
                if (type == CK_WEIGHT_Q4_0) dot += x[b].minus_8_sum;
                size_t at = b * CK_PANEL_ROWS + lane;
                sum += (float)dot * (half_at(ck_panel_scales(panel, blocks, bytes), at) * x[b].scale);
                if (type == CK_WEIGHT_Q4_1) sum += half_at(ck_panel_minima(panel, blocks, bytes), at) * x[b].scaled_sum;
            }
            p->out[t * p->out_stride + r] = sum;
        }
    }
}

void ck_product_q8_0_scalar(const ck_product *p) { product_q(p, CK_WEIGHT_Q8_0); }
void ck_product_q4_0_scalar(const ck_product *p) { product_q(p, CK_WEIGHT_Q4_0); }
void ck_product_q4_1_scalar(const ck_product *p) { product_q(p, CK_WEIGHT_Q4_1); }
