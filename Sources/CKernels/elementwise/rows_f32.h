// Row kernels written once over `vf`; the including file has included a vec_ header.

#include <math.h>

VF_INLINE void add_rows(const float *a, const float *b, size_t n, float *out) {
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) vf_store(out + i, vf_add(vf_load(a + i), vf_load(b + i)));
    if (i < n) vf_store_part(out + i, n - i, vf_add(vf_load_part(a + i, n - i), vf_load_part(b + i, n - i)));
}

VF_INLINE float sum_of(const float *x, size_t n) {
    vf s0 = vf_set1(0), s1 = s0;
    size_t i = 0;
    for (; i + 2 * VF_LANES <= n; i += 2 * VF_LANES) {
        s0 = vf_add(s0, vf_load(x + i));
        s1 = vf_add(s1, vf_load(x + i + VF_LANES));
    }
    for (; i + VF_LANES <= n; i += VF_LANES) s0 = vf_add(s0, vf_load(x + i));
    if (i < n) s1 = vf_add(s1, vf_load_part(x + i, n - i));
    return vf_sum(vf_add(s0, s1));
}

// Σ (x − shift)².
VF_INLINE float squares_of(const float *x, size_t n, float shift) {
    vf s0 = vf_set1(0), s1 = s0, m = vf_set1(shift);
    size_t i = 0;
    for (; i + 2 * VF_LANES <= n; i += 2 * VF_LANES) {
        vf a = vf_sub(vf_load(x + i), m), b = vf_sub(vf_load(x + i + VF_LANES), m);
        s0 = vf_fma(a, a, s0);
        s1 = vf_fma(b, b, s1);
    }
    float rest = 0;
    for (; i < n; i++) rest += (x[i] - shift) * (x[i] - shift);
    return vf_sum(vf_add(s0, s1)) + rest;
}

VF_INLINE void layer_norm(
    const float *x, size_t n, const float *weight, const float *bias, float epsilon, float *out) {
    float mean = sum_of(x, n) / (float)n;
    float factor = 1 / sqrtf(squares_of(x, n, mean) / (float)n + epsilon);
    vf m = vf_set1(mean), f = vf_set1(factor);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf value = vf_mul(vf_sub(vf_load(x + i), m), f);
        vf_store(out + i, vf_fma(value, vf_load(weight + i), vf_load(bias + i)));
    }
    for (; i < n; i++) out[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

VF_INLINE void mean_rows(const float *x, size_t stride, size_t row_count, size_t n, float *out) {
    float factor = 1 / (float)row_count;
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf sum = vf_set1(0);
        for (size_t row = 0; row < row_count; row++) sum = vf_add(sum, vf_load(x + row * stride + i));
        vf_store(out + i, vf_mul(sum, vf_set1(factor)));
    }
    for (; i < n; i++) {
        float sum = 0;
        for (size_t row = 0; row < row_count; row++) sum += x[row * stride + i];
        out[i] = sum * factor;
    }
}

VF_INLINE void normalize(float *x, size_t n) {
    float squares = squares_of(x, n, 0);
    if (squares == 0) return;
    float factor = 1 / sqrtf(squares);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) vf_store(x + i, vf_mul(vf_load(x + i), vf_set1(factor)));
    for (; i < n; i++) x[i] *= factor;
}

#define DEFINE_ROW_KERNELS(level)                                                                                      \
    void ck_add_f32_##level(const float *a, const float *b, size_t n, float *out) { add_rows(a, b, n, out); }          \
    void ck_layer_norm_f32_##level(                                                                                    \
        const float *x, size_t n, const float *weight, const float *bias, float epsilon, float *out) {                 \
        layer_norm(x, n, weight, bias, epsilon, out);                                                                  \
    }                                                                                                                  \
    void ck_mean_rows_f32_##level(const float *x, size_t stride, size_t row_count, size_t n, float *out) {             \
        mean_rows(x, stride, row_count, n, out);                                                                       \
    }                                                                                                                  \
    void ck_normalize_f32_##level(float *x, size_t n) { normalize(x, n); }
