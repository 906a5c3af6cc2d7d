// What Ingestion needs of CLD2, the language detector that Debian packages as libcld2, as one C call.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Tells the language of `count` bytes of UTF-8 without mark-up.
///
/// Writes its code (BCP 47, as CLD2 gives it) and a zero into `code`, of `capacity` bytes. Returns 1, or 0 where the text
/// is too short or too mixed to tell.
int32_t docent_language(const char *text, int32_t count, char *code, int32_t capacity);

#ifdef __cplusplus
}
#endif
