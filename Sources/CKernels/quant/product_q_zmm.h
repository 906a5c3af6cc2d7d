// The tile of the quantised products with 512-bit registers, shared by the levels with and without VNNI.
//
// The including file defines, for its instruction set, dot_unsigned and dot_signed (four byte products added to each
// 32-bit lane), signed_weights (how signed weights are held) and signed_start (what undoes that).
#pragma once

// Tiles of 1 to 8 tokens, so that guesses verified together (or the end of a prompt) unpack the weights once.

// One block of a tile: the weights of 16 rows are unpacked once and used by every token.
#define CK_QUANT_TILE(type, bytes, UNPACK, START, DOT, MINIMA)                                                    \
    CK_INLINE void tile_##type(const int tokens, const ck_product *p, const uint8_t *panel,                       \
                               const ck_q8_block *x, float *out, __mmask16 lanes) {                               \
        size_t blocks = p->column_count / CK_QUANT_BLOCK;                                                         \
        const uint8_t *scales = ck_panel_scales(panel, blocks, bytes);                                            \
        const uint8_t *minima = ck_panel_minima(panel, blocks, bytes);                                            \
        (void)minima;                                                                                             \
        __m512 sum[8];                                                                                            \
        for (int t = 0; t < tokens; t++) sum[t] = _mm512_setzero_ps();                                            \
        for (size_t b = 0; b < blocks; b++) {                                                                     \
            __m512i w[8];                                                                                         \
            UNPACK(w, panel + b * bytes);                                                                         \
            __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(scales + b * 32)));               \
            _Pragma("clang loop unroll(full)") for (int t = 0; t < tokens; t++) {                                 \
                const ck_q8_block *xb = x + t * p->x_stride + b;                                                  \
                __m512i dot = START(xb);                                                                          \
                _Pragma("clang loop unroll(full)") for (int j = 0; j < 8; j++)                                    \
                    dot = DOT(dot, w[j], _mm512_set1_epi32(ck_load_i32(xb->values + 4 * j)));                     \
                __m512 factor = _mm512_mul_ps(scale, _mm512_set1_ps(xb->scale));                                  \
                sum[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), factor, sum[t]);                                \
                MINIMA(sum[t], minima + b * 32, xb->scaled_sum)                                                   \
            }                                                                                                     \
        }                                                                                                         \
        for (int t = 0; t < tokens; t++) _mm512_mask_storeu_ps(out + t * p->out_stride, lanes, sum[t]);           \
    }

#define CK_QUANT_WALK(type, level)                                                                                \
    void ck_product_##type##_##level(const ck_product *p) {                                                       \
        for (size_t row = 0; row < p->row_count; row += 16) {                                                     \
            const uint8_t *panel = (const uint8_t *)p->panels + row / 16 * p->panel_bytes;                        \
            __mmask16 lanes = p->row_count - row >= 16 ? 0xffff : (__mmask16)((1u << (p->row_count - row)) - 1);  \
            const ck_q8_block *x = p->x;                                                                          \
            float *out = p->out + row;                                                                            \
            size_t t = 0;                                                                                         \
            for (; t + 8 <= p->token_count; t += 8)                                                               \
                tile_##type(8, p, panel, x + t * p->x_stride, out + t * p->out_stride, lanes);                    \
            x += t * p->x_stride;                                                                                 \
            out += t * p->out_stride;                                                                             \
            switch (p->token_count - t) {                                                                         \
            case 1: tile_##type(1, p, panel, x, out, lanes); break;                                               \
            case 2: tile_##type(2, p, panel, x, out, lanes); break;                                               \
            case 3: tile_##type(3, p, panel, x, out, lanes); break;                                               \
            case 4: tile_##type(4, p, panel, x, out, lanes); break;                                               \
            case 5: tile_##type(5, p, panel, x, out, lanes); break;                                               \
            case 6: tile_##type(6, p, panel, x, out, lanes); break;                                               \
            case 7: tile_##type(7, p, panel, x, out, lanes); break;                                               \
            default: break;                                                                                       \
            }                                                                                                     \
        }                                                                                                         \
    }

#define CK_UNPACK_BYTES(w, at)                                                                                    \
    _Pragma("clang loop unroll(full)") for (int j = 0; j < 8; j++)                                                \
        w[j] = signed_weights(_mm512_loadu_si512((at) + 64 * j))
#define CK_UNPACK_HALF_BYTES(w, at)                                                                               \
    _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; j++) {                                              \
        __m512i both = _mm512_loadu_si512((at) + 64 * j);                                                         \
        w[j] = _mm512_and_si512(both, _mm512_set1_epi8(15));                                                      \
        w[j + 4] = _mm512_and_si512(_mm512_srli_epi16(both, 4), _mm512_set1_epi8(15));                            \
    }
#define CK_START_ZERO(x) _mm512_setzero_si512()
#define CK_START_MINUS_8(x) _mm512_set1_epi32((x)->minus_8_sum)
#define CK_NO_MINIMA(sum, at, x)
#define CK_ADD_MINIMA(sum, at, x)                                                                                 \
    sum = _mm512_fmadd_ps(                                                                                        \
        _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(at))), _mm512_set1_ps(x), sum);

#define CK_QUANT_PRODUCTS(level)                                                                                  \
    CK_QUANT_TILE(q8_0, 512, CK_UNPACK_BYTES, signed_start, dot_signed, CK_NO_MINIMA)                             \
    CK_QUANT_TILE(q4_0, 256, CK_UNPACK_HALF_BYTES, CK_START_MINUS_8, dot_unsigned, CK_NO_MINIMA)                  \
    CK_QUANT_TILE(q4_1, 256, CK_UNPACK_HALF_BYTES, CK_START_ZERO, dot_unsigned, CK_ADD_MINIMA)                    \
    CK_QUANT_WALK(q8_0, level)                                                                                    \
    CK_QUANT_WALK(q4_0, level)                                                                                    \
    CK_QUANT_WALK(q4_1, level)
