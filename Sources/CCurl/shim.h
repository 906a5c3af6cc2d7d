// libcurl's easy interface. Swift can't call C's variadic curl_easy_setopt and curl_easy_getinfo, so the
// argument types in use get a typed wrapper each.
#pragma once
#include <curl/curl.h>

typedef size_t (*docent_curl_write_callback)(char *data, size_t size, size_t count, void *context);
typedef int (*docent_curl_progress_callback)(
    void *context, curl_off_t download_total, curl_off_t download_now, curl_off_t upload_total, curl_off_t upload_now);

static inline CURLcode docent_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode docent_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode docent_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode docent_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode docent_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode docent_curl_set_write_callback(
    CURL *handle, CURLoption option, docent_curl_write_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}
static inline CURLcode docent_curl_set_progress_callback(CURL *handle, docent_curl_progress_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, callback);
}
static inline CURLcode docent_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
