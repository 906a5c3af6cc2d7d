#include "language.h"

// CLD2's header uses FILE without including this one.
#include <stdio.h>
#include <string.h>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

extern "C" int32_t docent_language(const char *text, int32_t count, char *code, int32_t capacity) {
    CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
    CLD2::Language languages[3];
    int percents[3], text_bytes = 0, valid = 0;
    double scores[3];
    bool is_reliable = false;
    CLD2::Language language = CLD2::ExtDetectLanguageSummaryCheckUTF8(
        text, count, true, &hints, 0, languages, percents, scores, nullptr, &text_bytes, &is_reliable, &valid);
    if (!is_reliable || language == CLD2::UNKNOWN_LANGUAGE || percents[0] < 70) return 0;
    const char *name = CLD2::LanguageCode(language);
    size_t length = strlen(name);
    if (length + 1 > (size_t)capacity) return 0;
    memcpy(code, name, length + 1);
    return 1;
}
