// The specification: sums in double precision, in the order of K.
#include "gemm_kernels.h"

#include <math.h>

static double gelu(double x) { return 0.5 * x * (1 + erf(x * 0.70710678118654752)); }

static void store(const ck_gemm *g, size_t row, size_t column, double value) {
    value += g->bias[column];
    if (g->epilogue == CK_EPILOGUE_BIAS_RESIDUAL) value += g->residual[row * g->residual_stride + column];
    if (g->epilogue == CK_EPILOGUE_BIAS_GELU) value = gelu(value);
    size_t at = row * g->out_stride + column;
    if (g->output == CK_OUTPUT_BF16) {
        ((uint16_t *)g->out)[at] = ck_bf16_bits((float)value);
    } else {
        ((float *)g->out)[at] = (float)value;
    }
}

void ck_gemm_f32_scalar(const ck_gemm *g) {
    const float *panel = g->panels;
    for (size_t p = 0; p < g->panel_count; p++) {
        for (size_t m = 0; m < g->row_count; m++) {
            const float *x = (const float *)g->x + m * g->x_stride;
            double sum[CK_GEMM_PANEL] = { 0 };
            for (size_t k = 0; k < g->word_count; k++)
                for (size_t n = 0; n < CK_GEMM_PANEL; n++) sum[n] += (double)x[k] * panel[k * CK_GEMM_PANEL + n];
            for (size_t n = 0; n < CK_GEMM_PANEL; n++) store(g, m, p * CK_GEMM_PANEL + n, sum[n]);
        }
        panel += CK_GEMM_PANEL * g->word_count;
    }
}

void ck_gemm_bf16_scalar(const ck_gemm *g) {
    const uint16_t *panel = g->panels;
    for (size_t p = 0; p < g->panel_count; p++) {
        for (size_t m = 0; m < g->row_count; m++) {
            const uint16_t *x = (const uint16_t *)g->x + 2 * m * g->x_stride;
            double sum[CK_GEMM_PANEL] = { 0 };
            for (size_t k = 0; k < 2 * g->word_count; k++) {
                double value = ck_bf16_value(x[k]);
                const uint16_t *w = panel + k / 2 * 2 * CK_GEMM_PANEL + k % 2;
                for (size_t n = 0; n < CK_GEMM_PANEL; n++) sum[n] += value * ck_bf16_value(w[2 * n]);
            }
            for (size_t n = 0; n < CK_GEMM_PANEL; n++) store(g, m, p * CK_GEMM_PANEL + n, sum[n]);
        }
        panel += 2 * CK_GEMM_PANEL * g->word_count;
    }
}

void ck_to_bf16_scalar(const float *x, size_t n, uint16_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = ck_bf16_bits(x[i]);
}

// The products of one word: four unsigned bytes times signed ones, or two 16-bit integers.
static int64_t word_dot(uint32_t x, uint32_t w, int is_bytes) {
    int64_t dot = 0;
    if (is_bytes) {
        for (int b = 0; b < 32; b += 8) dot += (int64_t)(x >> b & 255) * (int8_t)(w >> b);
    } else {
        for (int b = 0; b < 32; b += 16) dot += (int64_t)(int16_t)(x >> b) * (int16_t)(w >> b);
    }
    return dot;
}

static void product_of_integers(const ck_gemm_integers *i, size_t group_words, int is_bytes) {
    const ck_gemm *g = &i->product;
    const uint32_t *panel = g->panels;
    for (size_t p = 0; p < g->panel_count; p++) {
        const uint32_t *after = panel;
        for (size_t m = 0; m < g->row_count; m++) {
            const uint32_t *x = (const uint32_t *)g->x + m * g->x_stride, *w = panel;
            const ck_integer_group *group = i->groups + m * i->group_stride;
            double sum[CK_GEMM_PANEL] = { 0 };
            for (size_t first = 0; first < g->word_count; first += group_words, group++) {
                size_t words = g->word_count - first < group_words ? g->word_count - first : group_words;
                const float *scales = (const float *)(w + words * CK_GEMM_PANEL);
                for (size_t n = 0; n < CK_GEMM_PANEL; n++) {
                    int64_t dot = 0;
                    for (size_t k = 0; k < words; k++)
                        dot += word_dot(x[first + k], w[k * CK_GEMM_PANEL + n], is_bytes);
                    sum[n] += (double)group->scale * scales[n] * (double)dot;
                    sum[n] += (double)group->offset * scales[CK_GEMM_PANEL + n];
                }
                w += (words + 2) * CK_GEMM_PANEL;
            }
            for (size_t n = 0; n < CK_GEMM_PANEL; n++) store(g, m, p * CK_GEMM_PANEL + n, sum[n]);
            after = w;
        }
        panel = after;
    }
}

void ck_gemm_int8_scalar(const ck_gemm_integers *i) { product_of_integers(i, CK_GEMM_GROUP / 4, 1); }

void ck_gemm_int16_scalar(const ck_gemm_integers *i) { product_of_integers(i, CK_GEMM_GROUP_INT16 / 2, 0); }

static void quantize_group(const float *x, size_t n, uint8_t *out, ck_integer_group *group) {
    float least = x[0], greatest = x[0];
    for (size_t i = 1; i < n; i++) {
        least = fminf(least, x[i]);
        greatest = fmaxf(greatest, x[i]);
    }
    float range = greatest - least, factor = range > 0 ? 255 / range : 0;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)lrintf((x[i] - least) * factor);
    *group = (ck_integer_group) { .scale = range / 255, .offset = least };
}

void ck_quantize_scalar(const float *x, size_t n, uint8_t *out, ck_integer_group *groups) {
    for (size_t i = 0; i < n; i += CK_GEMM_GROUP)
        quantize_group(x + i, ck_group_columns(i, n, CK_GEMM_GROUP), out + i, groups++);
}

void ck_quantize_bf16_scalar(const uint16_t *x, size_t n, uint8_t *out, ck_integer_group *groups) {
    float values[CK_GEMM_GROUP];
    for (size_t i = 0; i < n; i += CK_GEMM_GROUP) {
        size_t columns = ck_group_columns(i, n, CK_GEMM_GROUP);
        for (size_t k = 0; k < columns; k++) values[k] = ck_bf16_value(x[i + k]);
        quantize_group(values, columns, out + i, groups++);
    }
}

void ck_quantize_int16_scalar(const float *x, size_t n, int16_t *out, ck_integer_group *groups) {
    for (size_t first = 0; first < n; first += CK_GEMM_GROUP_INT16) {
        size_t count = ck_group_columns(first, n, CK_GEMM_GROUP_INT16);
        float least = x[first], greatest = x[first];
        for (size_t k = first; k < first + count; k++) {
            least = fminf(least, x[k]);
            greatest = fmaxf(greatest, x[k]);
        }
        ck_integer_group group = ck_int16_group(least, greatest);
        float factor = ck_int16_factor(group);
        for (size_t k = first; k < first + count; k++) out[k] = (int16_t)lrintf((x[k] - group.offset) * factor);
        *groups++ = group;
    }
}
