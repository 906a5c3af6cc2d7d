// Self-attention written once over `vf`. The including file has included a vec_ header and vec_math.h and defined
// TILE_ROWS (up to CK_QUERY_ROWS) and TILE_VECTORS.
//
// Scratch: the head's keys as panels [⌈T / 32⌉][D][32], scaled so that the softmax is one of powers of two, then the
// scores of TILE_ROWS queries. Both stay in L1 or L2 from one block of queries to the next; values are read in place.

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)

// out[r][c] = factor[r] · Σ_k x[r][k] · w[k][c] for one tile; `rows` is a constant where this is inlined.
VF_INLINE void small_tile(
    size_t rows, const float *x, size_t x_stride, size_t count, const float *w, size_t w_stride, const float *factor,
    float *out, size_t out_stride) {
    vf sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) sum[r][v] = vf_set1(0);
    }
    for (size_t k = 0; k < count; k++) {
        vf weight[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) weight[v] = vf_load(w + v * VF_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            vf value = vf_set1(x[r * x_stride + k]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) sum[r][v] = vf_fma(value, weight[v], sum[r][v]);
        }
        w += w_stride;
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        vf f = vf_set1(factor[r]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++)
            vf_store(out + r * out_stride + v * VF_LANES, vf_mul(sum[r][v], f));
    }
}

#define SMALL_CASE(n)                                                                                                  \
    case n:                                                                                                            \
        small_tile(n < TILE_ROWS ? n : TILE_ROWS, x, x_stride, count, w, w_stride, factor, out, out_stride);           \
        break

static __attribute__((noinline)) void small_product(
    size_t rows, const float *x, size_t x_stride, size_t count, const float *w, size_t w_stride, const float *factor,
    float *out, size_t out_stride) {
    switch (rows) {
        SMALL_CASE(1);
        SMALL_CASE(2);
        SMALL_CASE(3);
        SMALL_CASE(4);
        SMALL_CASE(5);
        SMALL_CASE(6);
#if TILE_ROWS > 6
        SMALL_CASE(7);
        SMALL_CASE(8);
        SMALL_CASE(9);
        SMALL_CASE(10);
        SMALL_CASE(11);
        SMALL_CASE(12);
#endif
    }
}

// Keys as panels of 32, times `scale`; keys beyond T are zero.
VF_INLINE void pack_keys(const ck_self_attention *a, float scale, float *packed) {
    for (size_t first = 0; first < a->token_count; first += CK_KEY_PANEL) {
        size_t keys = a->token_count - first < CK_KEY_PANEL ? a->token_count - first : CK_KEY_PANEL;
        const float *k = a->k + first * a->stride;
        for (size_t d = 0; d < a->head_size; d++) {
            for (size_t j = 0; j < keys; j++) packed[d * CK_KEY_PANEL + j] = k[j * a->stride + d] * scale;
            for (size_t j = keys; j < CK_KEY_PANEL; j++) packed[d * CK_KEY_PANEL + j] = 0;
        }
        packed += a->head_size * CK_KEY_PANEL;
    }
}

// s[j] = 2^(s[j] − max s) for n scores; returns 1 / their sum.
VF_INLINE float softmax_weights(float *s, size_t n) {
    vf most = vf_set1(-INFINITY);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) most = vf_max(most, vf_load(s + i));
    float greatest = vf_greatest(most);
    for (; i < n; i++) greatest = s[i] > greatest ? s[i] : greatest;
    vf shift = vf_set1(greatest), sum = vf_set1(0);
    for (i = 0; i + VF_LANES <= n; i += VF_LANES) {
        vf value = vf_exp2(vf_sub(vf_load(s + i), shift));
        vf_store(s + i, value);
        sum = vf_add(sum, value);
    }
    float total = vf_sum(sum);
    if (i < n) {
        vf_store_part(s + i, n - i, vf_exp2(vf_sub(vf_load_part(s + i, n - i), shift)));
        for (; i < n; i++) total += s[i];
    }
    return 1 / total;
}

VF_INLINE void self_attention(const ck_self_attention *a) {
    static const float ones[CK_QUERY_ROWS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    size_t padded = (a->token_count + CK_KEY_PANEL - 1) / CK_KEY_PANEL * CK_KEY_PANEL;
    float *keys = a->scratch, *scores = keys + padded * a->head_size, factor[CK_QUERY_ROWS];
    size_t score_stride = padded + 16;  // not a power of two: rows lie in different cache sets
    pack_keys(a, a->scale * 1.44269504f, keys);
    size_t tiles = (a->token_count + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t t = 0; t < tiles; t++) {
        size_t row = a->token_count * t / tiles, rows = a->token_count * (t + 1) / tiles - row;
        const float *q = a->q + row * a->stride;
        for (size_t j = 0; j < padded; j += TILE_COLUMNS) {
            const float *w = keys + j / CK_KEY_PANEL * CK_KEY_PANEL * a->head_size + j % CK_KEY_PANEL;
            small_product(rows, q, a->stride, a->head_size, w, CK_KEY_PANEL, ones, scores + j, score_stride);
        }
        for (size_t r = 0; r < rows; r++) factor[r] = softmax_weights(scores + r * score_stride, a->token_count);
        float *out = a->out + row * a->out_stride;
        for (size_t d = 0; d < a->head_size; d += TILE_COLUMNS)
            small_product(
                rows, scores, score_stride, a->token_count, a->v + d, a->stride, factor, out + d, a->out_stride);
    }
}
