// The products in f32 and bf16, written once over `vf`. The including file has included a vec_ header and vec_math.h
// and defined
//
//   TILE_ROWS, TILE_VECTORS    a tile of accumulators (up to 12 × 2) that fills the register file together with
//                              TILE_VECTORS of weights and one of activations
//   DOT(x, w, sum)             the step for one 32-bit word: a float, or a pair of bf16 as a float's bits
//   GELU(x)                    vf_gelu where results stay f32, vf_gelu_fast where they are rounded anyway
//
// A step of either type takes one word of each row and 32 words of weights, so both have the same loops.

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)
#define PRODUCT ck_gemm
#define WORD float

// out[rows][TILE_COLUMNS] for one tile; `rows` and `epilogue` are constants where this is inlined.
VF_INLINE void tile(
    const ck_gemm *g, size_t rows, ck_epilogue epilogue, ck_output output, size_t first_row, size_t column,
    const float *w, const char *ahead, size_t ahead_step) {
    vf sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        vf bias = vf_load(g->bias + column + v * VF_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sum[r][v] = bias;
    }
    const float *x = (const float *)g->x + first_row * g->x_stride;
    size_t stride = g->x_stride;
    for (size_t k = 0; k < g->word_count; k++) {
        vf weight[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) weight[v] = vf_load(w + v * VF_LANES);
        __builtin_prefetch(ahead, 0, 2);
        if (ahead_step > 64) __builtin_prefetch(ahead + 64, 0, 2);
        ahead += ahead_step;
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            vf value = vf_set1(x[r * stride]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) sum[r][v] = DOT(value, weight[v], sum[r][v]);
        }
        x += 1;
        w += CK_GEMM_PANEL;
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) {
            vf value = sum[r][v];
            if (epilogue == CK_EPILOGUE_BIAS_GELU) value = GELU(value);
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

VF_INLINE const ck_gemm *product_of(const ck_gemm *g) { return g; }
VF_INLINE size_t panel_lines(const ck_gemm *g) { return g->word_count; }

#include "gemm_tiles.h"
