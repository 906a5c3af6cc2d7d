// libcurl's easy interface. Swift can't call C's variadic curl_easy_setopt and curl_easy_getinfo, so the
// argument types in use get a typed wrapper each.
#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

typedef size_t (*docent_curl_write_callback)(char *data, size_t size, size_t count, void *context);
typedef int (*docent_curl_progress_callback)(
    void *context, curl_off_t download_total, curl_off_t download_now, curl_off_t upload_total, curl_off_t upload_now);

typedef curl_socket_t (*docent_curl_open_socket_callback)(
    void *context, curlsocktype purpose, struct curl_sockaddr *address);

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
static inline CURLcode docent_curl_set_open_socket_callback(
    CURL *handle, docent_curl_open_socket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}

/// The address a socket is to be connected to, in network order: 4 or 16 bytes, 0 for another family.
static inline int docent_curl_address(const struct curl_sockaddr *address, uint8_t *bytes) {
    // `addr` is as long as `addrlen` says, whatever its declared type.
    if (address->family == AF_INET && address->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in four;
        memcpy(&four, &address->addr, sizeof four);
        memcpy(bytes, &four.sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 six;
        memcpy(&six, &address->addr, sizeof six);
        memcpy(bytes, &six.sin6_addr, 16);
        return 16;
    }
    return 0;
}

/// The socket that libcurl asked for.
static inline curl_socket_t docent_curl_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype, address->protocol);
}
static inline curl_socket_t docent_curl_no_socket(void) { return CURL_SOCKET_BAD; }
