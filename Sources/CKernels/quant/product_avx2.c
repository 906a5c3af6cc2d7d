// Products on AVX2: a panel's 16 rows as two halves of eight lanes.
#if defined(__x86_64__)
#include <immintrin.h>

#include "quant_kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE __m256 load_f32(const void *p, size_t at) { return _mm256_loadu_ps((const float *)p + at); }
CK_INLINE __m256 load_f16(const void *p, size_t at) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)((const uint16_t *)p + at)));
}
CK_INLINE __m256 load_bf16(const void *p, size_t at) {
    __m128i h = _mm_loadu_si128((const __m128i *)((const uint16_t *)p + at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

// Lanes below `count` set.
CK_INLINE __m256i lane_mask(size_t count) {
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)ck_min_size(count, 8)), lane);
}

// A tile of `tokens` tokens by eight rows; even and odd columns in accumulators of their own.
#define CK_FLOAT_TILE(type)                                                                                  \
    CK_INLINE void tile_##type(const int tokens, const ck_product *p, const void *panel, size_t half,        \
                               const float *x, float *out, __m256i lanes) {                                  \
        __m256 even[4], odd[4];                                                                              \
        for (int t = 0; t < tokens; t++) even[t] = odd[t] = _mm256_setzero_ps();                             \
        size_t k = 0;                                                                                        \
        for (; k + 2 <= p->column_count; k += 2) {                                                           \
            __m256 w0 = load_##type(panel, k * 16 + half), w1 = load_##type(panel, k * 16 + 16 + half);      \
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {                            \
                even[t] = _mm256_fmadd_ps(_mm256_set1_ps(x[t * p->x_stride + k]), w0, even[t]);              \
                odd[t] = _mm256_fmadd_ps(_mm256_set1_ps(x[t * p->x_stride + k + 1]), w1, odd[t]);            \
            }                                                                                                \
        }                                                                                                    \
        if (k < p->column_count) {                                                                           \
            __m256 w0 = load_##type(panel, k * 16 + half);                                                   \
            for (int t = 0; t < tokens; t++)                                                                 \
                even[t] = _mm256_fmadd_ps(_mm256_set1_ps(x[t * p->x_stride + k]), w0, even[t]);              \
        }                                                                                                    \
        for (int t = 0; t < tokens; t++)                                                                     \
            _mm256_maskstore_ps(out + t * p->out_stride, lanes, _mm256_add_ps(even[t], odd[t]));             \
    }

#define CK_WALK(type, activation)                                                                            \
    void ck_product_##type##_avx2(const ck_product *p) {                                                     \
        for (size_t row = 0; row < p->row_count; row += 8) {                                                 \
            const uint8_t *panel = (const uint8_t *)p->panels + row / 16 * p->panel_bytes;                   \
            __m256i lanes = lane_mask(p->row_count - row);                                                   \
            const activation *x = p->x;                                                                      \
            float *out = p->out + row;                                                                       \
            size_t t = 0;                                                                                    \
            for (; t + 4 <= p->token_count; t += 4)                                                          \
                tile_##type(4, p, panel, row % 16, x + t * p->x_stride, out + t * p->out_stride, lanes);     \
            for (; t < p->token_count; t++)                                                                  \
                tile_##type(1, p, panel, row % 16, x + t * p->x_stride, out + t * p->out_stride, lanes);     \
        }                                                                                                    \
    }

CK_FLOAT_TILE(f32)
CK_FLOAT_TILE(f16)
CK_FLOAT_TILE(bf16)
CK_WALK(f32, float)
CK_WALK(f16, float)
CK_WALK(bf16, float)

// Eight rows' scales or minima of one block.
CK_INLINE __m256 load_halves(const uint8_t *p, size_t block, size_t half) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + block * 32 + half * 2)));
}

CK_INLINE __m256i word_of(const ck_q8_block *x, int j) { return _mm256_set1_epi32(ck_load_i32(x->values + 4 * j)); }

// Signed weights: |w| times the activation with w's sign; pair sums stay within 16 bits (2 · 128 · 127).
CK_INLINE void tile_q8_0(const int tokens, const ck_product *p, const uint8_t *panel, size_t half,
                         const ck_q8_block *x, float *out, __m256i lanes) {
    size_t blocks = p->column_count / CK_QUANT_BLOCK;
    const uint8_t *scales = ck_panel_scales(panel, blocks, 512);
    __m256 sum[4];
    for (int t = 0; t < tokens; t++) sum[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        __m256i dot[4];
        for (int t = 0; t < tokens; t++) dot[t] = _mm256_setzero_si256();
        for (int j = 0; j < 8; j++) {
            __m256i w = _mm256_loadu_si256((const __m256i *)(panel + b * 512 + j * 64 + half * 4));
            __m256i magnitude = _mm256_abs_epi8(w);
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {
                __m256i signedX = _mm256_sign_epi8(word_of(x + t * p->x_stride + b, j), w);
                __m256i pairs = _mm256_maddubs_epi16(magnitude, signedX);
                dot[t] = _mm256_add_epi32(dot[t], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
            }
        }
        __m256 scale = load_halves(scales, b, half);
        for (int t = 0; t < tokens; t++) {
            __m256 factor = _mm256_mul_ps(scale, _mm256_set1_ps(x[t * p->x_stride + b].scale));
            sum[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t]), factor, sum[t]);
        }
    }
    for (int t = 0; t < tokens; t++) _mm256_maskstore_ps(out + t * p->out_stride, lanes, sum[t]);
}

// Half-byte weights: eight sums of pairs (8 · 2 · 15 · 127) still fit 16 bits.
CK_INLINE void tile_q4(const int tokens, const int has_minima, const ck_product *p, const uint8_t *panel, size_t half,
                       const ck_q8_block *x, float *out, __m256i lanes) {
    size_t blocks = p->column_count / CK_QUANT_BLOCK;
    const uint8_t *scales = ck_panel_scales(panel, blocks, 256), *minima = ck_panel_minima(panel, blocks, 256);
    const __m256i low = _mm256_set1_epi8(15);
    __m256 sum[4];
    for (int t = 0; t < tokens; t++) sum[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        __m256i pairs[4];
        for (int t = 0; t < tokens; t++) pairs[t] = _mm256_setzero_si256();
        for (int j = 0; j < 4; j++) {
            __m256i both = _mm256_loadu_si256((const __m256i *)(panel + b * 256 + j * 64 + half * 4));
            __m256i w0 = _mm256_and_si256(both, low), w1 = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {
                const ck_q8_block *xb = x + t * p->x_stride + b;
                pairs[t] = _mm256_add_epi16(pairs[t], _mm256_maddubs_epi16(w0, word_of(xb, j)));
                pairs[t] = _mm256_add_epi16(pairs[t], _mm256_maddubs_epi16(w1, word_of(xb, j + 4)));
            }
        }
        __m256 scale = load_halves(scales, b, half);
        for (int t = 0; t < tokens; t++) {
            const ck_q8_block *xb = x + t * p->x_stride + b;
            __m256i dot = _mm256_madd_epi16(pairs[t], _mm256_set1_epi16(1));
            if (!has_minima) dot = _mm256_add_epi32(dot, _mm256_set1_epi32(xb->minus_8_sum));
            __m256 factor = _mm256_mul_ps(scale, _mm256_set1_ps(xb->scale));
            sum[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), factor, sum[t]);
            if (has_minima)
                sum[t] = _mm256_fmadd_ps(load_halves(minima, b, half), _mm256_set1_ps(xb->scaled_sum), sum[t]);
        }
    }
    for (int t = 0; t < tokens; t++) _mm256_maskstore_ps(out + t * p->out_stride, lanes, sum[t]);
}

#define tile_q4_0(tokens, ...) tile_q4(tokens, 0, __VA_ARGS__)
#define tile_q4_1(tokens, ...) tile_q4(tokens, 1, __VA_ARGS__)
CK_WALK(q8_0, ck_q8_block)
CK_WALK(q4_0, ck_q8_block)
CK_WALK(q4_1, ck_q8_block)

#pragma clang attribute pop
#endif
