// The tiles of the quantised products with 512-bit registers, shared by the levels with and without VNNI.
//
// The including file defines, for its instruction set, dot_unsigned and dot_signed (four byte products added to each
// 32-bit lane), signed_weights (how signed weights are held) and signed_start (what undoes that). Each type has
// functions of a panel and a block: its weights w[j] (columns 4j…4j+3 of 16 rows), scales and minima; and of a block of
// activations: what its sums of products start at.
#pragma once

CK_INLINE __m512 halves_at(const uint8_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
CK_INLINE __m512 bytes_at(const uint8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
CK_INLINE __m512 signed_bytes_at(const uint8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}

CK_INLINE void unpack_half_bytes(__m512i *w, const uint8_t *at) {
    const __m512i low = _mm512_set1_epi8(15);
    for (int j = 0; j < 4; j++) {
        __m512i both = _mm512_loadu_si512(at + 64 * j);
        w[j] = _mm512_and_si512(both, low);
        w[j + 4] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
    }
}
// Bit j of the high bits becomes bit 4 of w[j].
CK_INLINE void unpack_5_bits(__m512i *w, const uint8_t *at) {
    unpack_half_bytes(w, at);
    const __m512i bit = _mm512_set1_epi8(16);
    __m512i high = _mm512_loadu_si512(at + 256);
    for (int j = 0; j < 8; j++) {
        __m512i moved = j < 4 ? _mm512_slli_epi16(high, j < 4 ? 4 - j : 0) : _mm512_srli_epi16(high, j < 4 ? 0 : j - 4);
        w[j] = _mm512_ternarylogic_epi32(w[j], moved, bit, 0xf8);  // w | (moved & bit)
    }
}
CK_INLINE void unpack_signed(__m512i *w, const uint8_t *at) {
    for (int j = 0; j < 8; j++) w[j] = signed_weights(_mm512_loadu_si512(at + 64 * j));
}
CK_INLINE void unpack_bytes(__m512i *w, const uint8_t *at) {
    for (int j = 0; j < 8; j++) w[j] = _mm512_loadu_si512(at + 64 * j);
}

#define CK_AT(TYPE) (panel + ck_block_offset(CK_WEIGHT_##TYPE, b))
#define CK_HEAD(TYPE) (panel + ck_head_offset(CK_WEIGHT_##TYPE, b))
#define CK_NOTHING _mm512_setzero_ps()
#define CK_START_ZERO _mm512_setzero_si512()

// What a type is made of: weights, their products, where sums start, scales and minima, and whether it has minima.
#define CK_TYPE(type, TYPE, UNPACK, DOT, START, SCALE, MINIMUM, HAS_MINIMUM)                                          \
    enum { has_minimum_##type = HAS_MINIMUM };                                                                        \
    CK_INLINE void unpack_##type(__m512i *w, const uint8_t *panel, size_t b) { UNPACK(w, CK_AT(TYPE)); }              \
    CK_INLINE __m512i dot_##type(__m512i sum, __m512i w, __m512i x) { return DOT(sum, w, x); }                        \
    CK_INLINE __m512i start_##type(const ck_q8_block *x) { (void)x; return START; }                                   \
    CK_INLINE __m512 scale_##type(const uint8_t *panel, size_t b) { return SCALE; }                                   \
    CK_INLINE __m512 minimum_##type(const uint8_t *panel, size_t b) { (void)panel; (void)b; return MINIMUM; }

#define CK_START_MINUS_8 _mm512_set1_epi32(x->minus_8_sum)
#define CK_START_MINUS_16 _mm512_slli_epi32(_mm512_set1_epi32(x->minus_8_sum), 1)
#define CK_SUB_SCALE(TYPE, at) _mm512_mul_ps(halves_at(CK_HEAD(TYPE)), bytes_at(CK_AT(TYPE) + (at)))
#define CK_SUB_MINIMUM(TYPE, at)                                                                                      \
    _mm512_mul_ps(_mm512_sub_ps(CK_NOTHING, halves_at(CK_HEAD(TYPE) + 32)), bytes_at(CK_AT(TYPE) + (at)))

#define CK_TYPES_BY_32                                                                                                \
    CK_TYPE(q8_0, Q8_0, unpack_signed, dot_signed, signed_start(x), halves_at(CK_AT(Q8_0) + 512), CK_NOTHING, 0)      \
    CK_TYPE(q4_0, Q4_0, unpack_half_bytes, dot_unsigned, CK_START_MINUS_8, halves_at(CK_AT(Q4_0) + 256), CK_NOTHING, 0) \
    CK_TYPE(q4_1, Q4_1, unpack_half_bytes, dot_unsigned, CK_START_ZERO, halves_at(CK_AT(Q4_1) + 256),                 \
            halves_at(CK_AT(Q4_1) + 288), 1)                                                                          \
    CK_TYPE(q5_0, Q5_0, unpack_5_bits, dot_unsigned, CK_START_MINUS_16, halves_at(CK_AT(Q5_0) + 320), CK_NOTHING, 0)  \
    CK_TYPE(q5_1, Q5_1, unpack_5_bits, dot_unsigned, CK_START_ZERO, halves_at(CK_AT(Q5_1) + 320),                     \
            halves_at(CK_AT(Q5_1) + 352), 1)                                                                          \
    CK_TYPE(q4_k, Q4_K, unpack_half_bytes, dot_unsigned, CK_START_ZERO, CK_SUB_SCALE(Q4_K, 256),                      \
            CK_SUB_MINIMUM(Q4_K, 272), 1)                                                                             \
    CK_TYPE(q5_k, Q5_K, unpack_5_bits, dot_unsigned, CK_START_ZERO, CK_SUB_SCALE(Q5_K, 320),                          \
            CK_SUB_MINIMUM(Q5_K, 336), 1)

// One block of a tile: the weights of 16 rows are unpacked once and used by every token.
#define CK_TILE_BY_32(type)                                                                                           \
    CK_INLINE void tile_##type(const int tokens, const ck_product *p, const uint8_t *panel, const ck_q8_block *x,     \
                               float *out, __mmask16 lanes) {                                                         \
        __m512 sum[8];                                                                                                \
        for (int t = 0; t < tokens; t++) sum[t] = _mm512_setzero_ps();                                                \
        for (size_t b = 0; b < p->column_count / CK_QUANT_BLOCK; b++) {                                               \
            __m512i w[8];                                                                                             \
            unpack_##type(w, panel, b);                                                                               \
            __m512 scale = scale_##type(panel, b), minimum = minimum_##type(panel, b);                                \
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {                                     \
                const ck_q8_block *xb = x + t * p->x_stride + b;                                                      \
                __m512i dot = start_##type(xb);                                                                       \
                _Pragma("clang loop unroll(full)") for (int j = 0; j < 8; j++)                                        \
                    dot = dot_##type(dot, w[j], _mm512_set1_epi32(ck_load_i32(xb->values + 4 * j)));                  \
                __m512 factor = _mm512_mul_ps(scale, _mm512_set1_ps(xb->scale));                                      \
                sum[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), factor, sum[t]);                                    \
                if (has_minimum_##type) sum[t] = _mm512_fmadd_ps(minimum, _mm512_set1_ps(xb->scaled_sum), sum[t]);    \
            }                                                                                                         \
        }                                                                                                             \
        for (int t = 0; t < tokens; t++) _mm512_mask_storeu_ps(out + t * p->out_stride, lanes, sum[t]);               \
    }

// The same with a scale for each 16 columns: q6_k starts its sums at −32 · Σ x, q2_k subtracts minima.
#define CK_TILE_BY_16(type, TYPE, UNPACK, VALUES, SCALE_BYTES, HAS_MINIMUM)                                           \
    CK_INLINE void tile_##type(const int tokens, const ck_product *p, const uint8_t *panel, const ck_q8_block *x,     \
                               float *out, __mmask16 lanes) {                                                         \
        __m512 sum[8];                                                                                                \
        for (int t = 0; t < tokens; t++) sum[t] = _mm512_setzero_ps();                                                \
        for (size_t b = 0; b < p->column_count / CK_QUANT_BLOCK; b++) {                                               \
            const uint8_t *at = CK_AT(TYPE);                                                                          \
            __m512i w[8];                                                                                             \
            UNPACK(w, at);                                                                                            \
            __m512 d = halves_at(CK_HEAD(TYPE)), dmin = HAS_MINIMUM ? halves_at(CK_HEAD(TYPE) + 32) : d;              \
            __m512 scale[2], minimum[2];                                                                              \
            for (int i = 0; i < 2; i++) {                                                                             \
                scale[i] = _mm512_mul_ps(d, SCALE_BYTES(at + VALUES + 16 * i));                                       \
                /* minus_32_low is −32 · Σ x: a 32nd of it takes dmin · minimum off. */                               \
                minimum[i] = HAS_MINIMUM ? _mm512_mul_ps(dmin, bytes_at(at + VALUES + 32 + 16 * i)) : dmin;           \
                minimum[i] = _mm512_mul_ps(minimum[i], _mm512_set1_ps(0.03125f));                                     \
            }                                                                                                         \
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {                                     \
                const ck_q8_block *xb = x + t * p->x_stride + b;                                                      \
                const int32_t start[2] = {xb->minus_32_low, xb->minus_32_high};                                       \
                for (int i = 0; i < 2; i++) {                                                                         \
                    __m512i dot = HAS_MINIMUM ? _mm512_setzero_si512() : _mm512_set1_epi32(start[i]);                 \
                    _Pragma("clang loop unroll(full)") for (int j = 4 * i; j < 4 * i + 4; j++)                        \
                        dot = dot_unsigned(dot, w[j], _mm512_set1_epi32(ck_load_i32(xb->values + 4 * j)));            \
                    __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(dot), scale[i]);                                  \
                    if (HAS_MINIMUM) value = _mm512_fmadd_ps(minimum[i], _mm512_set1_ps((float)start[i]), value);     \
                    sum[t] = _mm512_fmadd_ps(value, _mm512_set1_ps(xb->scale), sum[t]);                               \
                }                                                                                                     \
            }                                                                                                         \
        }                                                                                                             \
        for (int t = 0; t < tokens; t++) _mm512_mask_storeu_ps(out + t * p->out_stride, lanes, sum[t]);               \
    }

// Tiles of 1 to 8 tokens, so that guesses verified together, or the end of a prompt, unpack the weights once.
#define CK_QUANT_WALK(type, TYPE, level)                                                                              \
    void ck_product_##type##_##level(const ck_product *p) {                                                           \
        for (size_t row = 0; row < p->row_count; row += 16) {                                                         \
            const uint8_t *panel = (const uint8_t *)p->panels + row / 16 * p->panel_bytes;                            \
            __mmask16 lanes = p->row_count - row >= 16 ? 0xffff : (__mmask16)((1u << (p->row_count - row)) - 1);      \
            const ck_q8_block *x = p->x;                                                                              \
            float *out = p->out + row;                                                                                \
            size_t left = p->token_count;                                                                             \
            for (; left >= 8; left -= 8, x += 8 * p->x_stride, out += 8 * p->out_stride)                              \
                tile_##type(8, p, panel, x, out, lanes);                                                              \
            switch (left) {                                                                                           \
            case 1: tile_##type(1, p, panel, x, out, lanes); break;                                                   \
            case 2: tile_##type(2, p, panel, x, out, lanes); break;                                                   \
            case 3: tile_##type(3, p, panel, x, out, lanes); break;                                                   \
            case 4: tile_##type(4, p, panel, x, out, lanes); break;                                                   \
            case 5: tile_##type(5, p, panel, x, out, lanes); break;                                                   \
            case 6: tile_##type(6, p, panel, x, out, lanes); break;                                                   \
            case 7: tile_##type(7, p, panel, x, out, lanes); break;                                                   \
            default: break;                                                                                           \
            }                                                                                                         \
        }                                                                                                             \
    }

#define CK_QUANT_PRODUCTS(level)                                                                                      \
    CK_TYPES_BY_32                                                                                                    \
    CK_TILE_BY_32(q8_0)                                                                                               \
    CK_TILE_BY_32(q4_0)                                                                                               \
    CK_TILE_BY_32(q4_1)                                                                                               \
    CK_TILE_BY_32(q5_0)                                                                                               \
    CK_TILE_BY_32(q5_1)                                                                                               \
    CK_TILE_BY_32(q4_k)                                                                                               \
    CK_TILE_BY_32(q5_k)                                                                                               \
    CK_TILE_BY_16(q6_k, Q6_K, unpack_bytes, 512, signed_bytes_at, 0)                                                  \
    CK_TILE_BY_16(q2_k, Q2_K, unpack_half_bytes, 256, bytes_at, 1)                                                    \
    CK_EACH_QUANT(CK_QUANT_WALK, level)
