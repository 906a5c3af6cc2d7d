// The product written once over `vf`. The including file has included a vec_ header and vec_math.h and defined
// TILE_ROWS (up to 12) and TILE_VECTORS: a tile of TILE_ROWS × TILE_VECTORS accumulators fills the register file
// together with TILE_VECTORS of weights and one of activations.
//
// Rows are taken in blocks whose activations stay in L2 while every panel passes over them; inside a block each panel
// (or the part of it that is one tile wide) is read from L2 once for every TILE_ROWS rows.

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)
#define BLOCK_BYTES (384 * 1024)

// out[rows][TILE_COLUMNS] for one tile; `rows` and `epilogue` are constants where this is inlined.
VF_INLINE void tile(
    const ck_gemm *g, size_t rows, ck_epilogue epilogue, size_t first_row, size_t column, const float *w) {
    vf sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        vf bias = vf_load(g->bias + column + v * VF_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sum[r][v] = bias;
    }
    const float *x = g->x + first_row * g->x_stride;
    size_t stride = g->x_stride;
    for (size_t k = 0; k < g->column_count; k++) {
        vf weight[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) weight[v] = vf_load(w + v * VF_LANES);
        // The stream is long and straight; this only keeps it going across page ends.
        __builtin_prefetch(w + 16 * CK_GEMM_PANEL, 0, 3);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            vf value = vf_set1(x[r * stride]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) sum[r][v] = vf_fma(value, weight[v], sum[r][v]);
        }
        x += 1;
        w += CK_GEMM_PANEL;
    }
    float *out = g->out + first_row * g->out_stride + column;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) {
            vf value = sum[r][v];
            if (epilogue == CK_EPILOGUE_BIAS_GELU) value = vf_gelu(value);
            if (epilogue == CK_EPILOGUE_BIAS_RESIDUAL) {
                size_t row = first_row + r;
                value = vf_add(value, vf_load(g->residual + row * g->residual_stride + column + v * VF_LANES));
            }
            vf_store(out + r * g->out_stride + v * VF_LANES, value);
        }
    }
}

#define TILE_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        tile(g, n < TILE_ROWS ? n : TILE_ROWS, epilogue, row, column, w);                                              \
        break

VF_INLINE void tiles(
    const ck_gemm *g, ck_epilogue epilogue, size_t first, size_t count, size_t column, const float *w) {
    // Rows are shared out evenly: a last tile of one row would cost as much as a full one.
    size_t tile_count = (count + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t t = 0; t < tile_count; t++) {
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

static __attribute__((noinline)) void tiles_bias(
    const ck_gemm *g, size_t first, size_t count, size_t column, const float *w) {
    tiles(g, CK_EPILOGUE_BIAS, first, count, column, w);
}

static __attribute__((noinline)) void tiles_gelu(
    const ck_gemm *g, size_t first, size_t count, size_t column, const float *w) {
    tiles(g, CK_EPILOGUE_BIAS_GELU, first, count, column, w);
}

static __attribute__((noinline)) void tiles_residual(
    const ck_gemm *g, size_t first, size_t count, size_t column, const float *w) {
    tiles(g, CK_EPILOGUE_BIAS_RESIDUAL, first, count, column, w);
}

VF_INLINE void product(const ck_gemm *g) {
    size_t block = BLOCK_BYTES / sizeof(float) / (g->column_count ? g->column_count : 1) / TILE_ROWS * TILE_ROWS;
    if (block < 4 * TILE_ROWS) block = 4 * TILE_ROWS;
    for (size_t row = 0; row < g->row_count; row += block) {
        size_t count = g->row_count - row < block ? g->row_count - row : block;
        for (size_t column = 0; column < g->panel_count * CK_GEMM_PANEL; column += TILE_COLUMNS) {
            const float *w = g->panels + column / CK_GEMM_PANEL * CK_GEMM_PANEL * g->column_count;
            w += column % CK_GEMM_PANEL;
            switch (g->epilogue) {
            case CK_EPILOGUE_BIAS: tiles_bias(g, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_GELU: tiles_gelu(g, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_RESIDUAL: tiles_residual(g, row, count, column, w); break;
            }
        }
    }
}
