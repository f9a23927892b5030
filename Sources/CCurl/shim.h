// libcurl in a form that Swift can see: it cannot call functions of any number of arguments.
#ifndef SOUNDER_CCURL_H
#define SOUNDER_CCURL_H

#include <curl/curl.h>

typedef size_t (*ccurl_taker)(char *bytes, size_t size, size_t count, void *target);

static inline CURLcode ccurl_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode ccurl_set_number(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl copies the text.
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *text) {
    return curl_easy_setopt(easy, option, text);
}

/// The list must outlive the transfer.
static inline CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *lines) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
}

/// CURL_ERROR_SIZE bytes that outlive the transfer, for a sentence about what went wrong.
static inline CURLcode ccurl_set_complaint(CURL *easy, char *complaint) {
    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, complaint);
}

/// Who gets the lines of the head and the bytes of the body.
static inline CURLcode ccurl_set_takers(
    CURL *easy, ccurl_taker line, ccurl_taker bytes, void *target) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, line);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, target);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, bytes);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, target);
    return code;
}

/// No file:, no ftp: and the like.
static inline CURLcode ccurl_allow_http_alone(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/// A transfer that ends while a name is looked up does not wait for the answer, where libcurl can.
static inline void ccurl_leave_lookups(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
#endif
}

/// errno of the connection that could not be made; 0 if it was not the system that refused.
static inline int ccurl_system_error(CURL *easy) {
    long code = 0;
    return curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &code) == CURLE_OK ? (int)code : 0;
}

/// From the start of a transfer until its request could be sent; 0 until then.
static inline double ccurl_seconds_connecting(CURL *easy) {
    double seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME, &seconds);
    return seconds;
}

/// What a taker answers that cannot take more now.
static inline size_t ccurl_later(void) { return CURL_WRITEFUNC_PAUSE; }

static inline void ccurl_go_on(CURL *easy) { curl_easy_pause(easy, CURLPAUSE_CONT); }

#endif
