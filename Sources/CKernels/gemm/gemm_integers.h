// The products of bytes and of 16-bit integers, written once over `vf` and `vi` (its lanes as 32-bit integers). The
// including file has included a vec_ header and vec_math.h and defined
//
//   GROUP_WORDS                words of 32 bits in a group of columns
//   TILE_ROWS, TILE_VECTORS    a tile of accumulators: one of integers for a group, one of floats over groups
//   dot(sum, input, weights)   adds the products of a word to each lane, exactly
//   WEIGHTS, weights_of(word)  the weights of a lane's word as `dot` takes them, and
//   INPUT, input_of(word)      a word of a row, the same in every lane: all four unless `dot` takes words as they are

#ifndef WEIGHTS
#define WEIGHTS vi
#define INPUT vi
#define weights_of(word) (word)
#define input_of(word) (word)
#endif

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)
#define PRODUCT ck_gemm_integers
#define WORD uint32_t

VF_INLINE void tile(
    const ck_gemm_integers *i, size_t rows, ck_epilogue epilogue, ck_output output, size_t first_row, size_t column,
    const uint32_t *w, const char *ahead, size_t ahead_step) {
    const ck_gemm *g = &i->product;
    vf sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        vf bias = vf_load(g->bias + column + v * VF_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sum[r][v] = bias;
    }
    const uint32_t *x = (const uint32_t *)g->x + first_row * g->x_stride;
    const ck_integer_group *group = i->groups + first_row * i->group_stride;
    size_t stride = g->x_stride, group_stride = i->group_stride;
    for (size_t first = 0; first < g->word_count; first += GROUP_WORDS, group++) {
        vi dots[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) dots[r][v] = vi_zero();
        }
        size_t words = g->word_count - first < GROUP_WORDS ? g->word_count - first : GROUP_WORDS;
        for (size_t k = 0; k < words; k++) {
            WEIGHTS weight[TILE_VECTORS];
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) weight[v] = weights_of(vi_load(w + v * VF_LANES));
            __builtin_prefetch(ahead, 0, 2);
            if (ahead_step > 64) __builtin_prefetch(ahead + 64, 0, 2);
            ahead += ahead_step;
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                INPUT value = input_of(vi_set1(x[r * stride]));
#pragma clang loop unroll(full)
                for (size_t v = 0; v < TILE_VECTORS; v++) dots[r][v] = dot(dots[r][v], value, weight[v]);
            }
            x += 1;
            w += CK_GEMM_PANEL;
        }
        const float *scales = (const float *)w;
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) {
            vf scale = vf_load(scales + v * VF_LANES), total = vf_load(scales + CK_GEMM_PANEL + v * VF_LANES);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                vf value = vf_mul(vi_floats(dots[r][v]), scale);
                sum[r][v] = vf_fma(value, vf_set1(group[r * group_stride].scale), sum[r][v]);
                sum[r][v] = vf_fma(total, vf_set1(group[r * group_stride].offset), sum[r][v]);
            }
        }
        w += 2 * CK_GEMM_PANEL;
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) {
            vf value = sum[r][v];
            if (epilogue == CK_EPILOGUE_BIAS_GELU) value = vf_gelu_fast(value);
            if (epilogue == CK_EPILOGUE_BIAS_RESIDUAL) {
                size_t row = first_row + r;
                value = vf_add(value, vf_load(g->residual + row * g->residual_stride + column + v * VF_LANES));
            }
            size_t at = (first_row + r) * g->out_stride + column + v * VF_LANES;
            if (output == CK_OUTPUT_BF16) {
                vf_store_bf16((uint16_t *)g->out + at, value);
            } else {
                vf_store((float *)g->out + at, value);
            }
        }
    }
}

VF_INLINE const ck_gemm *product_of(const ck_gemm_integers *i) { return &i->product; }
VF_INLINE size_t panel_lines(const ck_gemm *g) {
    return g->word_count + 2 * ((g->word_count + GROUP_WORDS - 1) / GROUP_WORDS);
}

#include "gemm_tiles.h"
