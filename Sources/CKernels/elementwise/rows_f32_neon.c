#if defined(__aarch64__)
#include "../vector/vec_neon.h"
#include "elementwise_kernels.h"

#include "rows_f32.h"

DEFINE_ROW_KERNELS(neon)
#endif
