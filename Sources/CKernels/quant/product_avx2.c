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

CK_INLINE __m256 load_i8(const void *p, size_t at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)((const int8_t *)p + at))));
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
CK_FLOAT_TILE(i8)
CK_WALK(f32, float)
CK_WALK(f16, float)
CK_WALK(bf16, float)
CK_WALK(i8, float)

// Eight rows' scales or minima: f16 or bytes.
CK_INLINE __m256 halves_at(const uint8_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
CK_INLINE __m256 bytes_at(const uint8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
CK_INLINE __m256 signed_bytes_at(const uint8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

CK_INLINE __m256i word_of(const ck_q8_block *x, int j) { return _mm256_set1_epi32(ck_load_i32(x->values + 4 * j)); }
CK_INLINE __m256i add_pairs(__m256i sum, __m256i pairs) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// The weights of columns 4j…4j+3; `at` is the block's first byte of these eight rows.
CK_INLINE __m256i weights_at(ck_weight_type type, const uint8_t *at, int j) {
    size_t values = ck_layout(type).values;
    if (values == 512) return _mm256_loadu_si256((const __m256i *)(at + 64 * j));
    const __m256i low = _mm256_set1_epi8(15);
    __m256i both = _mm256_loadu_si256((const __m256i *)(at + 64 * (j % 4)));
    __m256i w = _mm256_and_si256(j < 4 ? both : _mm256_srli_epi16(both, 4), low);
    if (values == 256) return w;
    __m256i high = _mm256_loadu_si256((const __m256i *)(at + 256));
    high = j < 4 ? _mm256_slli_epi16(high, 4 - j) : _mm256_srli_epi16(high, j - 4);
    return _mm256_or_si256(w, _mm256_and_si256(high, _mm256_set1_epi8(16)));
}

// Signed weights become |w| times the activation with w's sign; pair sums stay within 16 bits (2 · 128 · 127).
CK_INLINE __m256i dot_of(ck_weight_type type, __m256i sum, __m256i w, __m256i x) {
    if (type == CK_WEIGHT_Q8_0) return add_pairs(sum, _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)));
    return add_pairs(sum, _mm256_maddubs_epi16(w, x));
}

// The parts [0] and [1] belong to the first and the last 16 columns; types with one scale per block use [0] alone.
typedef struct {
    __m256 scale[2], minimum[2];
} ck_block_scales;

CK_INLINE ck_block_scales scales_at(ck_weight_type type, const uint8_t *head, const uint8_t *scales, size_t half) {
    ck_block_scales s = {{_mm256_setzero_ps(), _mm256_setzero_ps()}, {_mm256_setzero_ps(), _mm256_setzero_ps()}};
    if (ck_layout(type).head == 0) {
        s.scale[0] = halves_at(scales + 2 * half);
        if (type == CK_WEIGHT_Q4_1 || type == CK_WEIGHT_Q5_1) s.minimum[0] = halves_at(scales + 32 + 2 * half);
        return s;
    }
    __m256 d = halves_at(head + 2 * half);
    if (type == CK_WEIGHT_Q6_K) {
        for (int i = 0; i < 2; i++) s.scale[i] = _mm256_mul_ps(d, signed_bytes_at(scales + 16 * i + half));
        return s;
    }
    __m256 dmin = _mm256_sub_ps(_mm256_setzero_ps(), halves_at(head + 32 + 2 * half));
    size_t parts = type == CK_WEIGHT_Q2_K ? 2 : 1;
    for (size_t i = 0; i < parts; i++) {
        s.scale[i] = _mm256_mul_ps(d, bytes_at(scales + 16 * i + half));
        s.minimum[i] = _mm256_mul_ps(dmin, bytes_at(scales + 16 * (parts + i) + half));
    }
    return s;
}

// Where the sums of a block start, so that the codes' offset is undone.
CK_INLINE int32_t start_of(ck_weight_type type, const ck_q8_block *x, int part) {
    switch (type) {
    case CK_WEIGHT_Q4_0: return x->minus_8_sum;
    case CK_WEIGHT_Q5_0: return 2 * x->minus_8_sum;
    case CK_WEIGHT_Q6_K: return part ? x->minus_32_high : x->minus_32_low;
    default: return 0;
    }
}

CK_INLINE void tile_quant(ck_weight_type type, const int tokens, const ck_product *p, const uint8_t *panel, size_t half,
                          const ck_q8_block *x, float *out, __m256i lanes) {
    const int parts = type == CK_WEIGHT_Q6_K || type == CK_WEIGHT_Q2_K ? 2 : 1, steps = 8 / parts;
    __m256 sum[4];
    for (int t = 0; t < tokens; t++) sum[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < p->column_count / CK_QUANT_BLOCK; b++) {
        const uint8_t *block = panel + ck_block_offset(type, b);
        ck_block_scales s =
            scales_at(type, panel + ck_head_offset(type, b), block + ck_layout(type).values, half);
        for (int part = 0; part < parts; part++) {
            __m256i dot[4];
            for (int t = 0; t < tokens; t++) dot[t] = _mm256_set1_epi32(start_of(type, x + t * p->x_stride + b, part));
            _Pragma("clang loop unroll(full)") for (int j = 0; j < steps; j++) {
                __m256i w = weights_at(type, block + half * 4, part * steps + j);
                _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++)
                    dot[t] = dot_of(type, dot[t], w, word_of(x + t * p->x_stride + b, part * steps + j));
            }
            for (int t = 0; t < tokens; t++) {
                const ck_q8_block *xb = x + t * p->x_stride + b;
                __m256 factor = _mm256_mul_ps(s.scale[part], _mm256_set1_ps(xb->scale));
                sum[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t]), factor, sum[t]);
                float low = xb->scale * -0.03125f * (float)xb->minus_32_low;
                float values = parts == 1 ? xb->scaled_sum : part ? xb->scaled_sum - low : low;
                if (type != CK_WEIGHT_Q8_0 && type != CK_WEIGHT_Q4_0 && type != CK_WEIGHT_Q5_0 && type != CK_WEIGHT_Q6_K)
                    sum[t] = _mm256_fmadd_ps(s.minimum[part], _mm256_set1_ps(values), sum[t]);
            }
        }
    }
    for (int t = 0; t < tokens; t++) _mm256_maskstore_ps(out + t * p->out_stride, lanes, sum[t]);
}

#define CK_QUANT_TILE(type, TYPE, level)                                                                     \
    CK_INLINE void tile_##type(const int tokens, const ck_product *p, const uint8_t *panel, size_t half,     \
                               const ck_q8_block *x, float *out, __m256i lanes) {                            \
        tile_quant(CK_WEIGHT_##TYPE, tokens, p, panel, half, x, out, lanes);                                 \
    }                                                                                                        \
    CK_WALK(type, ck_q8_block)

CK_EACH_QUANT(CK_QUANT_TILE, avx2)

#pragma clang attribute pop
#endif
