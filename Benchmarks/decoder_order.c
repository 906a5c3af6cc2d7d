// llama.cpp's order of operations on AVX-512, for decoder_order.py: a measurement, not a part of the product.
//
// Each part replaces one kernel of the decoder's table: eight partial sums per row in place of one (products), block
// scales and sums rounded to f16 (scales), a mean square summed in double (norm), its polynomial for exp (silu), a
// rotation fused the way its compiler does (rotation), angles by repeated multiplication (angles), and attention with
// queries and probabilities rounded to f16, scores and mixes summed over 16 lanes: in four runs of them for a token
// alone, in one for a batch (attention). Slow where speed doesn't matter.
#include <immintrin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quant_kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)

static int batch_size;

void order_begin(int token_count) { batch_size = token_count; }

// ORDER_WITHOUT names the parts that stay Docent's.
int order_has(const char *part) {
    const char *without = getenv("ORDER_WITHOUT");
    return !without || !strstr(without, part);
}

static float to_half(float x) { return ck_half_to_float(ck_float_to_half(x)); }
static __m512 load_halves(const void *p) { return _mm512_cvtph_ps(_mm256_loadu_si256(p)); }

// Adds the upper half of the sums to the lower until one is left.
static __m512 add_halves(__m512 *sums, int count) {
    for (int n = count / 2; n; n /= 2)
        for (int i = 0; i < n; i++) sums[i] = _mm512_add_ps(sums[i], sums[i + n]);
    return sums[0];
}

// Word j of a block's weights: bytes of 16 rows, unsigned; for q8_0 their magnitudes, with the sign given to x.
static __m512i dot_word(ck_weight_type type, const uint8_t *block, int j, const ck_q8_block *xb) {
    __m512i x = _mm512_set1_epi32(ck_load_i32(xb->values + 4 * j)), w;
    if (type == CK_WEIGHT_Q4_1) {
        __m512i both = _mm512_loadu_si512(block + j % 4 * 64);
        w = _mm512_and_si512(j < 4 ? both : _mm512_srli_epi16(both, 4), _mm512_set1_epi8(15));
    } else {
        w = _mm512_loadu_si512(block + j * 64);
        x = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x);
        w = _mm512_abs_epi8(w);
    }
    return _mm512_dpbusd_epi32(_mm512_setzero_si512(), w, x);
}

static void product(const ck_product *p, ck_weight_type type, size_t bytes) {
    size_t blocks = p->column_count / CK_QUANT_BLOCK;
    for (size_t row = 0; row < p->row_count; row += 16) {
        const uint8_t *panel = (const uint8_t *)p->panels + row / 16 * p->panel_bytes;
        const uint8_t *scales = ck_panel_scales(panel, blocks, bytes), *minima = ck_panel_minima(panel, blocks, bytes);
        size_t rows = p->row_count - row;
        for (size_t t = 0; t < p->token_count; t++) {
            const ck_q8_block *x = (const ck_q8_block *)p->x + t * p->x_stride;
            __m512 sums[8], minimum = _mm512_setzero_ps();
            for (int j = 0; j < 8; j++) sums[j] = _mm512_setzero_ps();
            for (size_t b = 0; b < blocks; b++) {
                __m512 scale = _mm512_mul_ps(load_halves(scales + b * 32), _mm512_set1_ps(x[b].scale));
                for (int j = 0; j < 8; j++) {
                    __m512 dot = _mm512_cvtepi32_ps(dot_word(type, panel + b * bytes, j, &x[b]));
                    sums[j] = _mm512_fmadd_ps(scale, dot, sums[j]);
                }
                if (type == CK_WEIGHT_Q4_1)
                    minimum = _mm512_fmadd_ps(load_halves(minima + b * 32), _mm512_set1_ps(x[b].scaled_sum), minimum);
            }
            __mmask16 lanes = rows >= 16 ? 0xffff : (__mmask16)((1u << rows) - 1);
            __m512 sum = add_halves(sums, 8);
            _mm512_mask_storeu_ps(p->out + t * p->out_stride + row, lanes, _mm512_add_ps(sum, minimum));
        }
    }
}

static void product_q4_1(const ck_product *p) { product(p, CK_WEIGHT_Q4_1, 256); }
static void product_q8_0(const ck_product *p) { product(p, CK_WEIGHT_Q8_0, 512); }

static void quantize(const float *x, size_t n, ck_q8_block *out) {
    ck_quantize_q8_scalar(x, n, out);
    for (size_t b = 0; b < n / CK_QUANT_BLOCK; b++) {
        out[b].scale = to_half(out[b].scale);
        out[b].scaled_sum = to_half(out[b].scaled_sum);
    }
}

static void rms_norm(const float *x, const float *weight, size_t n, float epsilon, float *out) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        float square = x[i] * x[i];
        sum += (double)square;
    }
    float mean = (float)(sum / (double)n), scale = 1 / sqrtf(mean + epsilon);
    for (size_t i = 0; i < n; i++) {
        float scaled = x[i] * scale;
        out[i] = scaled * weight[i];
    }
}

static __m512 exp_ps(__m512 x) {
    __m512 magic = _mm512_set1_ps(0x1.8p23f);
    __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p+0f), magic), magic);
    __m512 b = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e4p-1f), x);
    b = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.7f7d1cp-20f), b);
    __m512 high = _mm512_fmadd_ps(_mm512_set1_ps(0x1.0e4020p-7f), b, _mm512_set1_ps(0x1.573e2ep-5f));
    __m512 middle = _mm512_fmadd_ps(_mm512_set1_ps(0x1.555e66p-3f), b, _mm512_set1_ps(0x1.fffdb6p-2f));
    __m512 low = _mm512_fmadd_ps(_mm512_set1_ps(0x1.ffffecp-1f), b, _mm512_set1_ps(1));
    __m512 square = _mm512_mul_ps(b, b);
    return _mm512_scalef_ps(_mm512_fmadd_ps(_mm512_fmadd_ps(high, square, middle), square, low), n);
}

static void silu_mul(float *gate, const float *up, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        __m512 g = _mm512_loadu_ps(gate + i);
        __m512 denominator = _mm512_add_ps(_mm512_set1_ps(1), exp_ps(_mm512_sub_ps(_mm512_setzero_ps(), g)));
        _mm512_storeu_ps(gate + i, _mm512_mul_ps(_mm512_div_ps(g, denominator), _mm512_loadu_ps(up + i)));
    }
}

static void rope_pairs(float *x, const float *cosine, const float *sine, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = fmaf(a, cosine[i], -(b * sine[i]));
        x[2 * i + 1] = fmaf(a, sine[i], b * cosine[i]);
    }
}

// The scores of 16 positions: products of 16 values at a time, added in the order of a batch or of a token alone.
static __m512 scores_of(const uint16_t *keys, const float *q, size_t size) {
    __m512 lanes[16];
    for (size_t l = 0; l < 16; l++) {
        __m512 parts[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
        for (size_t i = l; i < size; i += 16) {
            __m512 *sum = &parts[batch_size > 1 ? 0 : i / 16 % 4];
            *sum = _mm512_fmadd_ps(load_halves(keys + i * 16), _mm512_set1_ps(q[i]), *sum);
        }
        lanes[l] = batch_size > 1 ? parts[0] : add_halves(parts, 4);
    }
    return add_halves(lanes, 16);
}

// 16 values of the mix of the values by their probabilities.
static __m512 mix_of(const uint16_t *values, const float *p, size_t count) {
    __m512 sums[4][16], lanes[16];
    for (int j = 0; j < 64; j++) sums[j / 16][j % 16] = _mm512_setzero_ps();
    for (size_t i = 0; i < count; i++) {
        __m512 *sum = &sums[batch_size > 1 ? 0 : i / 16 % 4][i % 16];
        *sum = _mm512_fmadd_ps(load_halves(values + i * 16), _mm512_set1_ps(p[i]), *sum);
    }
    for (int l = 0; l < 16; l++) {
        __m512 parts[4] = {sums[0][l], sums[1][l], sums[2][l], sums[3][l]};
        lanes[l] = batch_size > 1 ? parts[0] : add_halves(parts, 4);
    }
    return add_halves(lanes, 16);
}

void order_attend(const ck_attention *a) {
    size_t size = a->head_size, width = (a->first_position + a->token_count + 15) / 16 * 16;
    float *p = malloc((width + size) * sizeof *p), *q = p + width;
    for (size_t r = 0; r < a->token_count * a->group; r++) {
        size_t t = r / a->group, g = r % a->group, visible = a->first_position + t + 1;
        for (size_t i = 0; i < size; i++) q[i] = to_half(a->q[t * a->q_stride + g * size + i]);
        for (size_t i = 0; i < visible; i += 16) {
            __m512 scores = scores_of(a->keys + i * size, q, size);
            _mm512_storeu_ps(p + i, _mm512_mul_ps(scores, _mm512_set1_ps(a->scale)));
        }
        float greatest = -INFINITY;
        for (size_t i = 0; i < visible; i++) greatest = fmaxf(greatest, p[i]);
        double sum = 0;
        for (size_t i = 0; i < visible; i += 16) {
            __mmask16 seen = visible - i >= 16 ? 0xffff : (__mmask16)((1u << (visible - i)) - 1);
            __m512 e = exp_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(seen, p + i), _mm512_set1_ps(greatest)));
            e = _mm512_maskz_mov_ps(seen, e);
            _mm512_storeu_ps(p + i, e);
            sum += (double)_mm512_reduce_add_ps(e);
        }
        float factor = (float)(1 / sum);
        for (size_t i = 0; i < visible; i++) p[i] = to_half(p[i] * factor);
        float *out = a->out + t * a->out_stride + g * size;
        for (size_t d = 0; d < size; d += 16)
            _mm512_storeu_ps(out + d, mix_of(a->values + d * a->capacity, p, visible));
    }
    free(p);
}

void order_fill(ck_quant_table *table) {
    if (order_has("products")) table->product[CK_WEIGHT_Q4_1] = product_q4_1;
    if (order_has("products")) table->product[CK_WEIGHT_Q8_0] = product_q8_0;
    if (order_has("scales")) table->quantize_q8 = quantize;
    if (order_has("norm")) table->rms_norm = rms_norm;
    if (order_has("silu")) table->silu_mul = silu_mul;
    if (order_has("rotation")) table->rope_pairs = rope_pairs;
}

#pragma clang attribute pop
