// exp and GELU over `vf`; include after one of the vec_ headers.
//
// Source: exp by Cody and Waite's reduction with a minimax polynomial of degree 6 (relative error below 1e-8 before
// rounding); the normal distribution function by Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26
// (absolute error below 1.5e-7), in the form that doesn't cancel for negative arguments.
#pragma once

#if defined(VF_TARGET)
#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)
#endif

// e^x for x up to 88; 0 (or below 2e-38) for x under −87.
VF_INLINE vf vf_exp(vf x) {
    x = vf_max(vf_min(x, vf_set1(88.0f)), vf_set1(-87.3f));
    vf n = vf_round(vf_mul(x, vf_set1(1.44269504f)));
    vf f = vf_fnma(n, vf_set1(0.693359375f), x);
    f = vf_fnma(n, vf_set1(-2.12194440e-4f), f);
    vf p = vf_set1(0.0013814593f);
    p = vf_fma(p, f, vf_set1(0.0083687175f));
    p = vf_fma(p, f, vf_set1(0.041668389f));
    p = vf_fma(p, f, vf_set1(0.16666521f));
    p = vf_fma(p, f, vf_set1(0.49999994f));
    p = vf_fma(vf_mul(f, f), p, f);
    return vf_scale(vf_add(p, vf_set1(1.0f)), n);
}

// 2^x for x up to 0 within 1.1e-7 of the value; 2^−126 for x under −126.
VF_INLINE vf vf_exp2(vf x) {
    x = vf_max(x, vf_set1(-126.0f));
    vf n = vf_round(x);
    vf f = vf_sub(x, n);
    vf p = vf_set1(0.0013300263f);
    p = vf_fma(p, f, vf_set1(0.0096697208f));
    p = vf_fma(p, f, vf_set1(0.055505599f));
    p = vf_fma(p, f, vf_set1(0.24022281f));
    p = vf_fma(p, f, vf_set1(0.69314718f));
    p = vf_fma(p, f, vf_set1(1.0f));
    return vf_scale(p, n);
}

// 2^x as above within 1.1e-4 of the value: enough where bf16 is to follow.
VF_INLINE vf vf_exp2_fast(vf x) {
    x = vf_max(x, vf_set1(-126.0f));
    vf n = vf_round(x);
    vf f = vf_sub(x, n);
    vf p = vf_fma(vf_set1(0.05500892f), f, vf_set1(0.242211f));
    p = vf_fma(p, f, vf_set1(0.69328293f));
    return vf_scale(vf_fma(p, f, vf_set1(1.0f)), n);
}

// x · Φ(x) = max(x, 0) − |x| · Φ(−|x|).
VF_INLINE vf vf_gelu(vf x) {
    vf z = vf_abs(x);
    vf t = vf_div(vf_set1(1.0f), vf_fma(z, vf_set1(0.3275911f * 0.70710678f), vf_set1(1.0f)));
    vf e = vf_exp(vf_mul(vf_mul(z, z), vf_set1(-0.5f)));
    vf p = vf_set1(0.5f * 1.061405429f);
    p = vf_fma(p, t, vf_set1(0.5f * -1.453152027f));
    p = vf_fma(p, t, vf_set1(0.5f * 1.421413741f));
    p = vf_fma(p, t, vf_set1(0.5f * -0.284496736f));
    p = vf_fma(p, t, vf_set1(0.5f * 0.254829592f));
    return vf_fnma(vf_mul(z, vf_mul(p, t)), e, vf_max(x, vf_set1(0.0f)));
}

// x · Φ(x) within CK_GELU_FAST_ERROR: Φ(x) − ½ as x times a polynomial in x², x cut to ±4.25, where it is ½ exactly.
VF_INLINE vf vf_gelu_fast(vf x) {
    vf z = vf_max(vf_min(x, vf_set1(4.25f)), vf_set1(-4.25f));
    vf u = vf_mul(z, z);
    vf p = vf_set1(6.75611095e-11f);
    p = vf_fma(p, u, vf_set1(-6.32847907e-09f));
    p = vf_fma(p, u, vf_set1(2.60691394e-07f));
    p = vf_fma(p, u, vf_set1(-6.29470242e-06f));
    p = vf_fma(p, u, vf_set1(0.000100853184f));
    p = vf_fma(p, u, vf_set1(-0.00115730963f));
    p = vf_fma(p, u, vf_set1(0.00999558251f));
    p = vf_fma(p, u, vf_set1(-0.0666718036f));
    p = vf_fma(p, u, vf_set1(0.399113566f));
    return vf_mul(x, vf_fma(z, p, vf_set1(0.5f)));
}

#if defined(VF_TARGET)
#pragma clang attribute pop
#endif
