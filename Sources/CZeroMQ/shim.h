// libzmq and the few system calls around it, in a form that Swift can see: macros become functions.
#ifndef SOUNDER_CZEROMQ_SHIM_H
#define SOUNDER_CZEROMQ_SHIM_H

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zmq.h>

static inline int czmq_set_int(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/// ZMQ_MAXMSGSIZE is the one option that takes 64 bits.
static inline int czmq_set_int64(void *socket, int option, int64_t value) {
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

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
