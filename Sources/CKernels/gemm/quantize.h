// Rows of numbers as bytes, written once over `vf`; the including file has included a vec_ header.

// The bytes of n columns, a multiple of VF_LANES up to CK_GEMM_GROUP; LOAD reads VF_LANES of them.
#define DEFINE_QUANTIZE(name, type, LOAD, slow)                                                                        \
    void name(const type *x, size_t n, uint8_t *out, ck_byte_group *groups) {                                          \
        size_t i = 0;                                                                                                  \
        for (; i + CK_GEMM_GROUP <= n; i += CK_GEMM_GROUP) {                                                           \
            vf low = LOAD(x + i), high = low;                                                                          \
            for (size_t k = VF_LANES; k < CK_GEMM_GROUP; k += VF_LANES) {                                              \
                vf value = LOAD(x + i + k);                                                                            \
                low = vf_min(low, value);                                                                              \
                high = vf_max(high, value);                                                                            \
            }                                                                                                          \
            float least = -vf_greatest(vf_sub(vf_set1(0), low)), range = vf_greatest(high) - least;                    \
            vf factor = vf_set1(range > 0 ? 255 / range : 0), shift = vf_set1(least);                                  \
            for (size_t k = 0; k < CK_GEMM_GROUP; k += VF_LANES)                                                       \
                vf_store_bytes(out + i + k, vf_mul(vf_sub(LOAD(x + i + k), shift), factor));                           \
            *groups++ = (ck_byte_group) { .scale = range / 255, .least = least };                                      \
        }                                                                                                              \
        if (i < n) slow(x + i, n - i, out + i, groups);                                                                \
    }
