// The products in f32 and bf16, written once over `vf`. The including file has included a vec_ header and vec_math.h
// and defined
//
//   TILE_ROWS, TILE_VECTORS    a tile of accumulators (up to 12 × 2) that fills the register file together with
//                              TILE_VECTORS of weights and one of activations
//   DOT(x, w, sum)             the step for one 32-bit word: a float, or a pair of bf16 as a float's bits
//   GELU(x)                    vf_gelu where results stay f32, vf_gelu_fast where they are rounded anyway
//
// A step of either type takes one word of each row and 32 words of weights, so both have the same loops. Rows are taken
// in blocks whose activations stay in L2 while every panel passes over them; inside a block each panel (or the part of
// it that is one tile wide) is read from L2 once for every TILE_ROWS rows.

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)
#define BLOCK_BYTES (384 * 1024)

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

#define TILE_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        tile(g, n < TILE_ROWS ? n : TILE_ROWS, epilogue, output, row, column, w, ahead, step);                         \
        break

VF_INLINE void tiles(
    const ck_gemm *g, ck_epilogue epilogue, ck_output output, size_t first, size_t count, size_t column,
    const float *w) {
    // Rows are shared out evenly: a last tile of one row would cost as much as a full one.
    size_t tile_count = (count + TILE_ROWS - 1) / TILE_ROWS;
    // Meanwhile the panel that comes next is brought into L2, a part of it by each tile: at small M the weights come from
    // memory, and arithmetic and transfer overlap. The last panel's next one may be nobody's; a prefetch never faults.
    size_t panel_bytes = g->word_count * CK_GEMM_PANEL * sizeof(float);
    size_t step = CK_GEMM_PANEL * sizeof(float) / (tile_count ? tile_count : 1);
    for (size_t t = 0; t < tile_count; t++) {
        const char *ahead = (const char *)w + panel_bytes + g->word_count * step * t;
        size_t row = first + count * t / tile_count;
        switch (first + count * (t + 1) / tile_count - row) {
            TILE_CASE(1);
            TILE_CASE(2);
            TILE_CASE(3);
            TILE_CASE(4);
            TILE_CASE(5);
            TILE_CASE(6);
#if TILE_ROWS > 6
            TILE_CASE(7);
            TILE_CASE(8);
            TILE_CASE(9);
            TILE_CASE(10);
            TILE_CASE(11);
            TILE_CASE(12);
#endif
        }
    }
}

#define DEFINE_TILES(name, epilogue, output)                                                                           \
    static __attribute__((noinline)) void name(                                                                        \
        const ck_gemm *g, size_t first, size_t count, size_t column, const float *w) {                                 \
        tiles(g, epilogue, output, first, count, column, w);                                                           \
    }

DEFINE_TILES(tiles_bias, CK_EPILOGUE_BIAS, CK_OUTPUT_F32)
DEFINE_TILES(tiles_bias_bf16, CK_EPILOGUE_BIAS, CK_OUTPUT_BF16)
DEFINE_TILES(tiles_gelu, CK_EPILOGUE_BIAS_GELU, CK_OUTPUT_F32)
DEFINE_TILES(tiles_gelu_bf16, CK_EPILOGUE_BIAS_GELU, CK_OUTPUT_BF16)
DEFINE_TILES(tiles_residual, CK_EPILOGUE_BIAS_RESIDUAL, CK_OUTPUT_F32)

VF_INLINE void product(const ck_gemm *g) {
    size_t words = g->word_count ? g->word_count : 1;
    size_t block = BLOCK_BYTES / sizeof(float) / words / TILE_ROWS * TILE_ROWS;
    if (block < 4 * TILE_ROWS) block = 4 * TILE_ROWS;
    int is_bf16 = g->output == CK_OUTPUT_BF16;
    for (size_t row = 0; row < g->row_count; row += block) {
        size_t count = g->row_count - row < block ? g->row_count - row : block;
        for (size_t column = 0; column < g->panel_count * CK_GEMM_PANEL; column += TILE_COLUMNS) {
            const float *w = (const float *)g->panels + column / CK_GEMM_PANEL * CK_GEMM_PANEL * g->word_count;
            w += column % CK_GEMM_PANEL;
            switch (g->epilogue) {
            case CK_EPILOGUE_BIAS: (is_bf16 ? tiles_bias_bf16 : tiles_bias)(g, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_GELU: (is_bf16 ? tiles_gelu_bf16 : tiles_gelu)(g, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_RESIDUAL: tiles_residual(g, row, count, column, w); break;
            }
        }
    }
}
