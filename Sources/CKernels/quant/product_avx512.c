// Products on AVX-512 without VNNI: byte pairs through vpmaddubsw, floats through FMA.
#if defined(__x86_64__)
#include <immintrin.h>

#include "quant_kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE __m512 load_f32(const void *p, size_t k) { return _mm512_loadu_ps((const float *)p + k * 16); }
CK_INLINE __m512 load_f16(const void *p, size_t k) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)((const uint16_t *)p + k * 16)));
}
CK_INLINE __m512 load_bf16(const void *p, size_t k) {
    __m256i h = _mm256_loadu_si256((const __m256i *)((const uint16_t *)p + k * 16));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

CK_INLINE __m512 load_i8(const void *p, size_t k) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)((const int8_t *)p + k * 16))));
}

CK_INLINE __mmask16 panel_lanes(const ck_product *p, size_t first_row) {
    size_t rows = p->row_count - first_row;
    return rows >= 16 ? 0xffff : (__mmask16)((1u << rows) - 1);
}

// A tile of `tokens` tokens by 16 rows; even and odd columns in accumulators of their own.
#define CK_FLOAT_TILE(type)                                                                                  \
    CK_INLINE void tile_##type(const int tokens, const ck_product *p, const void *panel, const float *x,     \
                               float *out, __mmask16 lanes) {                                                \
        __m512 even[8], odd[8];                                                                              \
        for (int t = 0; t < tokens; t++) even[t] = odd[t] = _mm512_setzero_ps();                             \
        size_t k = 0;                                                                                        \
        for (; k + 2 <= p->column_count; k += 2) {                                                           \
            __m512 w0 = load_##type(panel, k), w1 = load_##type(panel, k + 1);                               \
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {                            \
                even[t] = _mm512_fmadd_ps(_mm512_set1_ps(x[t * p->x_stride + k]), w0, even[t]);              \
                odd[t] = _mm512_fmadd_ps(_mm512_set1_ps(x[t * p->x_stride + k + 1]), w1, odd[t]);            \
            }                                                                                                \
        }                                                                                                    \
        if (k < p->column_count) {                                                                           \
            __m512 w0 = load_##type(panel, k);                                                               \
            for (int t = 0; t < tokens; t++)                                                                 \
                even[t] = _mm512_fmadd_ps(_mm512_set1_ps(x[t * p->x_stride + k]), w0, even[t]);              \
        }                                                                                                    \
        for (int t = 0; t < tokens; t++)                                                                     \
            _mm512_mask_storeu_ps(out + t * p->out_stride, lanes, _mm512_add_ps(even[t], odd[t]));           \
    }                                                                                                        \
    void ck_product_##type##_avx512(const ck_product *p) {                                                   \
        for (size_t row = 0; row < p->row_count; row += 16) {                                                \
            const uint8_t *panel = (const uint8_t *)p->panels + row / 16 * p->panel_bytes;                   \
            __mmask16 lanes = panel_lanes(p, row);                                                           \
            size_t t = 0;                                                                                    \
            for (; t + 8 <= p->token_count; t += 8)                                                          \
                tile_##type(8, p, panel, (const float *)p->x + t * p->x_stride, p->out + t * p->out_stride + row, lanes); \
            for (; t + 3 <= p->token_count; t += 3)                                                          \
                tile_##type(3, p, panel, (const float *)p->x + t * p->x_stride, p->out + t * p->out_stride + row, lanes); \
            for (; t < p->token_count; t++)                                                                  \
                tile_##type(1, p, panel, (const float *)p->x + t * p->x_stride, p->out + t * p->out_stride + row, lanes); \
        }                                                                                                    \
    }

CK_FLOAT_TILE(f32)
CK_FLOAT_TILE(f16)
CK_FLOAT_TILE(bf16)
CK_FLOAT_TILE(i8)

// Four bytes by four bytes into each 32-bit lane. Signed weights become |w| times the activation with w's sign, whose
// pair sums stay within 16 bits (2 · 128 · 127).
CK_INLINE __m512i dot4(__m512i sum, __m512i pairs) {
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}
CK_INLINE __m512i dot_unsigned(__m512i sum, __m512i w, __m512i x) { return dot4(sum, _mm512_maddubs_epi16(w, x)); }
CK_INLINE __m512i dot_signed(__m512i sum, __m512i w, __m512i x) {
    x = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x);
    return dot4(sum, _mm512_maddubs_epi16(_mm512_abs_epi8(w), x));
}
CK_INLINE __m512i signed_weights(__m512i w) { return w; }
CK_INLINE __m512i signed_start(const ck_q8_block *x) {
    (void)x;
    return _mm512_setzero_si512();
}

#include "product_q_zmm.h"

CK_QUANT_PRODUCTS(avx512)

#pragma clang attribute pop
#endif
