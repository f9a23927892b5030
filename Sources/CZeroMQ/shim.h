// libzmq and the few system calls around it, in a form that Swift can see: macros become functions.
#ifndef SOUNDER_CZEROMQ_SHIM_H
#define SOUNDER_CZEROMQ_SHIM_H

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

static inline int czmq_set_int(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/// ZMQ_MAXMSGSIZE is the one option that takes 64 bits.
static inline int czmq_set_int64(void *socket, int option, int64_t value) {
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/// ZMQ_ZAP_ENFORCE_DOMAIN, which every libzmq since 4.3.0 knows and zmq.h hides among the drafts.
static inline int czmq_option_enforce_domain(void) { return 93; }

static inline int czmq_error_terminated(void) { return ETERM; }
static inline int czmq_error_unreachable(void) { return EHOSTUNREACH; }
static inline int czmq_error_again(void) { return EAGAIN; }
static inline int czmq_error_interrupted(void) { return EINTR; }
static inline int czmq_error_address_in_use(void) { return EADDRINUSE; }

/// Keeps freed memory for the next chunk. Chunks are allocated by one thread and freed by another;
/// with the C library's defaults each then costs 256 page faults, and half of the throughput.
static inline void czmq_keep_memory(void) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

/// A counter in the kernel that a poll can wait on; -1 on failure, errno says why.
static inline int czmq_wake_open(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// 0, or -1 on failure; a counter that is full already wakes whoever polls.
static inline int czmq_wake_post(int descriptor) {
    const uint64_t one = 1;
    ssize_t written;
    do written = write(descriptor, &one, sizeof one); while (written < 0 && errno == EINTR);
    return written == (ssize_t)sizeof one || errno == EAGAIN ? 0 : -1;
}

static inline void czmq_wake_clear(int descriptor) {
    uint64_t count;
    ssize_t got;
    do got = read(descriptor, &count, sizeof count); while (got < 0 && errno == EINTR);
}

/// Bytes that a TCP connection has received since it was opened; -1 if `descriptor` is none.
static inline int64_t czmq_bytes_received(int descriptor) {
    // tcpi_bytes_received, which the C library's own struct tcp_info is too old to have.
    enum { tcp_info = 11, offset = 128 };
    unsigned char info[256];
    socklen_t size = sizeof info;
    int64_t bytes;
    if (getsockopt(descriptor, IPPROTO_TCP, tcp_info, info, &size) != 0) return -1;
    if (size < offset + sizeof bytes) return -1;
    memcpy(&bytes, info + offset, sizeof bytes);
    return bytes;
}

/// Writes ADDRESS:PORT of the other end of a TCP connection; -1 if `descriptor` is none.
static inline int czmq_peer_name(int descriptor, char *name, int size) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char text[INET6_ADDRSTRLEN];
    if (getpeername(descriptor, (struct sockaddr *)&address, &length) != 0) return -1;
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
        if (!inet_ntop(AF_INET, &four->sin_addr, text, sizeof text)) return -1;
        return snprintf(name, size, "%s:%d", text, ntohs(four->sin_port)) < size ? 0 : -1;
    }
    if (address.ss_family != AF_INET6) return -1;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        if (!inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, sizeof text)) return -1;
        return snprintf(name, size, "%s:%d", text, ntohs(six->sin6_port)) < size ? 0 : -1;
    }
    if (!inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text)) return -1;
    return snprintf(name, size, "[%s]:%d", text, ntohs(six->sin6_port)) < size ? 0 : -1;
}

/// Ends a connection that the messaging library owns: it sees the end of the stream and lets go.
static inline int czmq_end_connection(int descriptor) { return shutdown(descriptor, SHUT_RDWR); }

/// Names the calling thread in ps and in debuggers; the kernel keeps 15 bytes.
static inline int czmq_name_thread(const char *name) {
    return prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
}

/// Every signal but those that report a fault of the thread itself.
static inline int czmq_block_signals(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGTRAP);
    sigdelset(&all, SIGABRT);
    return pthread_sigmask(SIG_SETMASK, &all, before);
}

static inline int czmq_restore_signals(const sigset_t *before) {
    return pthread_sigmask(SIG_SETMASK, before, NULL);
}

#endif
